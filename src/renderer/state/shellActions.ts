/** What the desktop adds to the window: its menu, its dialogs, files by their place. */
import { toPlain } from '#shared/errors'
import type { ShellBridge } from '#shared/shell'
import type { Action } from './actions'

/** What these actions need of the window. */
export interface ShellTarget {
  hasProject: boolean
  /** Host and port of the remote engine; null where it is this computer's own. */
  remoteHost: string | null
  askForLink: () => void
  /** Null where there is none, which the window says. */
  readReport: () => Promise<{ name: string; html: string } | null>
  goBack: () => void
  fail: (message: string) => void
}

/** Actions that only the desktop has; none in a browser. */
export function shellActions(shell: ShellBridge | undefined, target: ShellTarget): Action[] {
  if (!shell) return []
  const isFar = target.remoteHost === null ? null : `the engine is at ${target.remoteHost}`
  const doing = (deed: () => Promise<unknown>) => () => {
    deed().catch((error: unknown) => target.fail(shellProblem(error)))
  }
  return [
    {
      id: 'choose-new',
      name: 'New project elsewhere …',
      keys: 'Ctrl N',
      blocked: isFar,
      run: doing(() => shell.chooseAndCreate())
    },
    {
      id: 'choose-open',
      name: 'Open a project …',
      keys: 'Ctrl O',
      blocked: isFar,
      run: doing(() => shell.chooseAndOpen())
    },
    {
      id: 'reveal',
      name: "Reveal the project's folder",
      blocked: isFar ?? (target.hasProject ? null : 'no project is open'),
      run: doing(() => shell.reveal())
    },
    {
      id: 'print-report',
      name: 'Save the report as PDF …',
      blocked: target.hasProject ? null : 'no project is open',
      run: doing(async () => {
        const report = await target.readReport()
        if (report) await shell.printReport(report)
      })
    },
    {
      id: 'connect-remote',
      name: 'Connect to a remote engine …',
      blocked: null,
      run: target.askForLink
    },
    {
      id: 'go-back',
      name: "Go back to this computer's engine",
      blocked: target.remoteHost === null ? 'the engine is on this computer' : null,
      run: target.goBack
    }
  ]
}

/** What went wrong in main, without the words that Electron puts before it. */
export function shellProblem(error: unknown): string {
  return toPlain(error).message.replace(/^Error invoking remote method '[^']*': (\w*Error: )?/, '')
}

/**
 * Hands files to the engine by their places.
 *
 * @returns id of the drop; null where they must be streamed: in a browser, to a remote engine, and
 *   where a file has no place
 */
export async function adoptFiles(
  shell: ShellBridge | undefined,
  files: readonly File[]
): Promise<string | null> {
  if (!shell || files.length === 0) return null
  return shell.drop(files).catch(() => null)
}
