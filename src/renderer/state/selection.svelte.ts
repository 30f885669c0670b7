/** What the user picked: the same on every screen. */
export class Selection {
  /** Name of the one mixture that is looked at. */
  mixture = $state<string | null>(null)
  /** Truth budget, where a study has several. */
  budget = $state('sum')
  /** Replaced as a whole, so that thousands brushed at once are one change. */
  #members = $state.raw(setOf([]))

  /** Names of the mixtures that are selected together: by brushing, or one by one. */
  get mixtures(): readonly string[] {
    return [...this.#members]
  }

  /** True for a mixture among those selected. */
  isMember(mixture: string): boolean {
    return this.#members.has(mixture)
  }

  /** Picks a mixture, or lets it go when it is picked already. */
  toggle(mixture: string): void {
    this.mixture = this.mixture === mixture ? null : mixture
  }

  /** The same, to look names up in. */
  get members(): ReadonlySet<string> {
    return this.#members
  }

  /** Selects exactly these mixtures; none lets all go. */
  setMixtures(names: readonly string[]): void {
    this.#members = setOf(names)
  }

  /** Adds a mixture to those selected, or takes it out. */
  toggleMember(name: string): void {
    const others = this.mixtures.filter((one) => one !== name)
    this.#members = setOf(this.isMember(name) ? others : [...others, name])
  }
}

function setOf(names: readonly string[]): ReadonlySet<string> {
  return new Set(names)
}
