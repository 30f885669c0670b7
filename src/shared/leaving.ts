/** The reason of a stop that asks nobody else to stop. */

/**
 * The program is being closed: what it does itself stops, its state kept; what was handed over to a
 * cluster goes on there, and is taken in when the study is run again.
 */
export class Leaving extends Error {
  constructor() {
    super('the program is being closed')
    this.name = 'Leaving'
  }
}

/** True where work was stopped only because the program is being closed. */
export function isLeaving(signal: { aborted: boolean; reason: unknown }): boolean {
  return signal.aborted && signal.reason instanceof Leaving
}
