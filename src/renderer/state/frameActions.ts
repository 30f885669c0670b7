/** What can be done anywhere in the window: screens, the study, the project, sheets. */
import type { Action } from './actions'
import { isOnCluster } from './clusterLook.svelte'
import type { EngineState } from './engineState.svelte'

export type SheetName =
  | 'palette'
  | 'shortcuts'
  | 'settings'
  | 'study'
  | 'vary'
  | 'copy'
  | 'bundle'
  | 'cluster'
  | 'commands'
  | 'devices'
  | 'log'
  | 'export'
  | 'merge'

/** What these actions need of the frame. */
interface Frame {
  open: (sheet: SheetName) => void
  chooseFiles: () => void
  chooseFolder: () => void
  chooseModels: () => void
  foldRail: () => void
  saveReport: () => void
  checkFiles: () => void
}

/** Why text cannot be imported and studies not changed now; null where they can. */
export function whyNotWritable(engine: EngineState): string | null {
  if (engine.project === null) return 'no project is open'
  return engine.isWritable ? null : 'the project is open for reading only'
}

/** The actions as they are now: read anew whenever the engine's state changes. */
export function frameActions(
  engine: EngineState,
  screens: readonly { name: string; key: string; show: () => void }[],
  frame: Frame
): Action[] {
  const noProject = engine.project === null ? 'no project is open' : null
  const notWritable = whyNotWritable(engine)
  const silent = engine.connection === 'open' ? null : 'the engine does not answer'
  const noCopy =
    noProject ??
    ((engine.desk?.newProjectsIn ?? null) === null ? 'this engine serves one project' : null)
  return [
    ...screens.map(({ name, key, show }) => ({
      id: `show-${name.toLowerCase()}`,
      name: `Show ${name.toLowerCase()}`,
      keys: `g ${key}`,
      blocked: noProject,
      run: show
    })),
    {
      id: 'run-study',
      name: 'Run the study',
      keys: 'Ctrl Enter',
      blocked: notWritable ?? (engine.isRunning ? 'a study runs' : null),
      run: () => void engine.run()
    },
    {
      id: 'stop-study',
      name: 'Stop the study',
      blocked: engine.isRunning ? null : 'nothing runs',
      run: () => void engine.stop()
    },
    {
      id: 'import-files',
      name: 'Import text from files …',
      keys: 'Ctrl I',
      blocked: notWritable,
      run: () => frame.chooseFiles()
    },
    {
      id: 'import-folder',
      name: 'Import text from a folder …',
      blocked: notWritable,
      run: () => frame.chooseFolder()
    },
    {
      id: 'import-models',
      name: 'Import checkpoints from a folder …',
      blocked: notWritable ?? (engine.isFromTables ? 'the study was made from tables' : null),
      run: () => frame.chooseModels()
    },
    {
      id: 'edit-study',
      name: 'Edit the study, or add one …',
      keys: 'Ctrl E',
      blocked: notWritable,
      run: () => frame.open('study')
    },
    {
      id: 'vary-study',
      name: 'Vary one setting of the study …',
      blocked: notWritable ?? (engine.study === '' ? 'there is no study' : null),
      run: () => frame.open('vary')
    },
    {
      id: 'undo',
      name: engine.project?.undo ? `Undo ${engine.project.undo}` : 'Undo',
      keys: 'Ctrl Z',
      blocked: engine.project?.undo ? null : 'there is nothing to undo',
      run: () => void engine.undo()
    },
    {
      id: 'redo',
      name: engine.project?.redo ? `Redo ${engine.project.redo}` : 'Redo',
      keys: 'Ctrl Shift Z',
      blocked: engine.project?.redo ? null : 'there is nothing to do again',
      run: () => void engine.redo()
    },
    {
      id: 'save-report',
      name: 'Save the report as one HTML file',
      blocked: noProject,
      run: () => frame.saveReport()
    },
    {
      id: 'save-copy',
      name: 'Save a copy of the project as …',
      blocked: noCopy,
      run: () => frame.open('copy')
    },
    {
      id: 'bundle',
      name: 'Bundle the results: no text, no checkpoints …',
      blocked: noCopy,
      run: () => frame.open('bundle')
    },
    {
      id: 'check-files',
      name: 'Check the files of the project …',
      blocked: noProject ?? (engine.isRunning ? 'a study runs' : null),
      run: () => frame.checkFiles()
    },
    {
      id: 'close-project',
      name: 'Close the project',
      blocked: noProject,
      run: () => void engine.closeProject()
    },
    {
      id: 'cluster',
      name: 'Cluster: queue, nodes and logs',
      blocked: noProject ?? (isOnCluster(engine) ? null : 'the study runs on this machine'),
      run: () => frame.open('cluster')
    },
    {
      id: 'commands',
      name: 'Commands that the study runs …',
      blocked: noProject ?? (engine.study === '' ? 'there is no study' : null),
      run: () => frame.open('commands')
    },
    {
      id: 'devices',
      name: 'Devices: what this machine can do',
      blocked: silent,
      run: () => frame.open('devices')
    },
    {
      id: 'log',
      name: 'Log of what happened',
      blocked: silent,
      run: () => frame.open('log')
    },
    {
      id: 'settings',
      name: 'Settings',
      keys: 'Ctrl ,',
      blocked: null,
      run: () => frame.open('settings')
    },
    {
      id: 'fold-rail',
      name: 'Show names of screens, or letters only',
      keys: 'Ctrl B',
      blocked: noProject,
      run: () => frame.foldRail()
    },
    {
      id: 'shortcuts',
      name: 'Keyboard shortcuts',
      keys: '?',
      blocked: null,
      run: () => frame.open('shortcuts')
    },
    {
      id: 'palette',
      name: 'Find a command',
      keys: 'Ctrl K',
      blocked: null,
      run: () => frame.open('palette')
    }
  ]
}
