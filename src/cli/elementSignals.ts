/**
 * What the batch system of a cluster tells an element, heard from the first moment on: it is imported before all
 * that is slow to load, since a signal that nobody hears ends a program.
 */

/** The reason of a stop by the warning that an element's time is nearly up, or that another job takes its place. */
export class Warned extends Error {
  constructor() {
    super('the batch system wants the place back')
    this.name = 'Warned'
  }
}

let isWarned = false
let listener: (() => void) | null = null

// Of any other command the signal means nothing: it ends it, as it would without this.
if (process.argv[2] === 'run-one') {
  process.on('SIGUSR2', () => {
    isWarned = true
    listener?.()
  })
}

/** Has a function called when the warning comes, or at once where it came already. */
export function onWarning(call: () => void): void {
  listener = call
  if (isWarned) call()
}
