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
  const options: MessageBoxOptions = {
    type: 'question',
    message: `${studies.join(', ')} ${studies.length === 1 ? 'is' : 'are'} running.`,
    detail:
      'Training can go on without the window: open Assay again to see it. Or it stops after the current step, and goes on from there when it is run again.',
    buttons: ['Keep training', 'Stop safely', 'Cancel'],
    defaultId: 0,
    cancelId: 2,
    noLink: true
  }
  const { response } = await (window
    ? dialog.showMessageBox(window, options)
    : dialog.showMessageBox(options))
  return CHOICES[response] ?? 'cancel'
}
