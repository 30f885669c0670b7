/**
 * All that the command line prints goes through here: texts, names and paths of others may hold what a terminal
 * obeys.
 */
import { terminalJson, terminalText } from '#shared/visibleText'

/** Prints a result for people. */
export function printText(text: string): void {
  process.stdout.write(terminalText(text))
}

/** Prints a result for scripts, as one JSON document. */
export function printJson(value: unknown, indent?: number): void {
  process.stdout.write(`${terminalJson(value, indent)}\n`)
}

/** Tells of something beside the result. */
export function tellText(text: string): void {
  process.stderr.write(terminalText(text))
}

/** Takes back lines that were told last. */
export function takeBackLines(lines: number): void {
  process.stderr.write(`\u001b[${lines}A\u001b[0J`)
}
