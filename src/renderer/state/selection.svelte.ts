/** What the user picked: the same on every screen. */
export class Selection {
  /** Name of the one mixture that is looked at. */
  mixture = $state<string | null>(null)
  /** Truth budget, where a study has several. */
  budget = $state('sum')
  #members = $state.raw<ReadonlySet<string>>(new Set())

  /** Names of the mixtures that are selected together: by brushing, or one by one. */
  get mixtures(): readonly string[] {
    return [...this.#members]
  }

  /** Picks a mixture, or lets it go when it is picked already. */
  toggle(mixture: string): void {
    this.mixture = this.mixture === mixture ? null : mixture
  }

  /** True for a mixture among those selected. */
  isMember(mixture: string): boolean {
    return this.#members.has(mixture)
  }

  /** Selects exactly these mixtures; none lets all go. */
  setMixtures(names: readonly string[]): void {
    this.#members = new Set(names)
  }

  /** Adds a mixture to those selected, or takes it out. */
  toggleMember(name: string): void {
    const members = new Set(this.#members)
    if (!members.delete(name)) members.add(name)
    this.#members = members
  }
}
