/** What the user picked: the same on every screen. */
export class Selection {
  /** Name of a mixture. */
  mixture = $state<string | null>(null)
  /** Truth budget, where a study has several. */
  budget = $state('sum')

  /** Picks a mixture, or lets it go when it is picked already. */
  toggle(mixture: string): void {
    this.mixture = this.mixture === mixture ? null : mixture
  }
}
