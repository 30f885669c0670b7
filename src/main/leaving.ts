/** What becomes of training when the window closes or the application quits. */
import { dialog } from 'electron'
import type { BrowserWindow, MessageBoxOptions } from 'electron'

/** `keep`: the window closes and the engine runs on. */
export type LeavingChoice = 'keep' | 'stop' | 'cancel'
const CHOICES: LeavingChoice[] = ['keep', 'stop', 'cancel']

/** Asks what is to become of the studies that run. */
export async function askLeaving(
  studies: readonly string[],
  window: BrowserWindow | null
): Promise<LeavingChoice> {
  const response = await ask(window, {
    message: `${studies.join(', ')} ${studies.length === 1 ? 'is' : 'are'} running.`,
    detail:
      'Training can go on without the window: open Assay again to see it. Or it stops after the current step, and goes on from there when it is run again.',
    buttons: ['Keep training', 'Stop safely', 'Cancel'],
    defaultId: 0,
    cancelId: 2
  })
  return CHOICES[response] ?? 'cancel'
}

/** Asks whether work that is no training is to be given up: it does not go on without a window. */
export async function askGivingUp(
  projects: string,
  window: BrowserWindow | null
): Promise<LeavingChoice> {
  const response = await ask(window, {
    message: `Something is going on in ${projects}.`,
    detail:
      'An import, an evaluation or a copy is under way. It is given up where Assay quits now, and has to be begun again.',
    buttons: ['Quit all the same', 'Cancel'],
    defaultId: 1,
    cancelId: 1
  })
  return response === 0 ? 'stop' : 'cancel'
}

/** @returns index of the button that was chosen */
async function ask(
  window: BrowserWindow | null,
  question: Omit<MessageBoxOptions, 'type' | 'noLink'>
): Promise<number> {
  const options: MessageBoxOptions = { ...question, type: 'question', noLink: true }
  const { response } = await (window
    ? dialog.showMessageBox(window, options)
    : dialog.showMessageBox(options))
  return response
}
