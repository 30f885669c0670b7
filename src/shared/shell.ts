/** What a desktop shell and its window say to each other, and main and the engine's process. */
import type { StudyNews } from './contract'
import type { PlainError } from './errors'

/** What menu items ask of the page: ids of its actions. */
export const SHELL_ACTIONS = [
  'show-catalogue',
  'show-training',
  'show-mixtures',
  'show-evidence',
  'show-what-if',
  'show-decide',
  'show-models',
  'import-files',
  'import-folder',
  'import-models',
  'edit-study',
  'vary-study',
  'commands',
  'connect-remote',
  'save-report',
  'print-report',
  'save-copy',
  'bundle',
  'check-files',
  'close-project',
  'undo',
  'redo',
  'run-study',
  'stop-study',
  'devices',
  'log',
  'settings',
  'fold-rail',
  'shortcuts',
  'palette'
] as const
export type ShellAction = (typeof SHELL_ACTIONS)[number]

/** What becomes of training when its window is closed. */
export const LEAVING_WAYS = ['ask', 'keep', 'stop'] as const

/** What the user wishes of the desktop itself; kept by main. */
export interface ShellSettings {
  /** Whether the system says that a study ended, to who looks elsewhere. */
  notifies: boolean
  /** Whether the computer does not go to sleep while a study runs. */
  staysAwake: boolean
  whenClosing: (typeof LEAVING_WAYS)[number]
}

/** `window.shell`: there in the desktop application, absent in a browser. */
export interface ShellBridge {
  readonly platform: string
  /** Has a port to the engine sent to the page; fails when no engine can be reached. */
  connectEngine(): Promise<void>
  /** @returns false where the user changed their mind, in this and the next ones */
  chooseAndOpen(): Promise<boolean>
  chooseAndCreate(): Promise<boolean>
  /** Shows the project's folder, or one within it, in the system's file manager. */
  reveal(within?: string): Promise<void>
  /**
   * Hands dropped files over to the engine by their places, in place of streaming them.
   *
   * @param files the `File` objects of a drop
   * @returns id of the drop for `previewDrop` and `importDrop`
   */
  drop(files: readonly object[]): Promise<string>
  /**
   * Chooses the engine that the page is given when it is loaded again: the one behind a link of
   * `assay serve`, or with null this computer's own.
   */
  connectRemote(link: string | null): Promise<boolean>
  /** Host and port of the remote engine; null where it is this computer's own. */
  remoteHost(): Promise<string | null>
  /** Title of the project that is opened before the page is given an engine; null where none is. */
  openedAhead(): Promise<string | null>
  /**
   * Asks where to and prints the report there as PDF; `name` of the file, without its ending.
   *
   * @returns false where the user would rather not
   */
  printReport(report: { name: string; html: string }): Promise<boolean>
  readSettings(): Promise<ShellSettings>
  /** @returns the settings as they are kept from now on */
  changeSettings(change: Partial<ShellSettings>): Promise<ShellSettings>
  /** Hears menu items. */
  onAction(listener: (action: ShellAction) => void): void
  /** Hears what went wrong outside of the page, in words. */
  onProblem(listener: (message: string) => void): void
}

/** Channels between main and preload. */
export const CHANNELS = {
  connectEngine: 'connect-engine',
  chooseAndOpen: 'choose-and-open',
  chooseAndCreate: 'choose-and-create',
  reveal: 'reveal',
  drop: 'drop',
  connectRemote: 'connect-remote',
  remoteHost: 'remote-host',
  openedAhead: 'opened-ahead',
  printReport: 'print-report',
  readSettings: 'read-settings',
  changeSettings: 'change-settings',
  port: 'port',
  action: 'action',
  problem: 'problem'
} as const

/** The message with which the preload hands the engine's port to the page. */
export const PORT_ARRIVES = 'assay: port of the engine'

/** A project as main remembers it. */
export interface PlacedProject {
  path: string
  isReadOnly: boolean
}

/** A study that runs, in the project where it does: others may have one of the same name. */
export interface RunningStudy {
  folder: string
  study: string
}

/** What main asks of the engine's process; every one is answered with its id. */
export type ToEngine = { id: number } & EngineOrder
export type EngineOrder =
  /** With a port: a new desk behind it. */
  | { kind: 'desk'; desk: number; project: PlacedProject | null }
  /** Goes on with what a dead engine was running, whatever the desks look at. */
  | { kind: 'goOn'; run: RunningStudy }
  | { kind: 'open'; desk: number; project: PlacedProject }
  | { kind: 'openRecent'; desk: number; recent: string }
  | { kind: 'create'; desk: number; path: string }
  /** Answered with the id of the drop. */
  | { kind: 'drop'; desk: number; paths: string[] }
  /** Answered with the titles of projects in which something goes on; empty where none does. */
  | { kind: 'busy' }
  /** Stops what runs, cleanly, and closes the projects. */
  | { kind: 'close' }

/** What the engine's process tells main. */
export type FromEngine =
  | { kind: 'answer'; id: number; value: string; error: PlainError | null }
  /** What a desk looks at now, and what was open lately. */
  | {
      kind: 'desk'
      desk: number
      project: (PlacedProject & { title: string }) | null
      recent: { id: string; title: string }[]
    }
  | StudyNews
  /** All studies that run. */
  | { kind: 'running'; studies: RunningStudy[] }
  /** Share of the shown study's tokens that are trained; null before that is known. */
  | { kind: 'progress'; share: number | null }
