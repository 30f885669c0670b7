/**
 * The engine as a process of its own: forked by the desktop's main, which hands it ports.
 *
 * usage: engine.cjs RECENT_FILE PROJECTS_FOLDER
 */
import { basename, join } from 'node:path'
import type { EngineApi, EngineEvent } from '#shared/contract'
import { toPlain } from '#shared/errors'
import { serve } from '#shared/port'
import type { Pipe } from '#shared/port'
import type { EngineOrder, FromEngine, RunningStudy, ToEngine } from '#shared/shell'
import { dependencies, version } from '../../package.json'
import type { Desk } from './desk/desk'
import { RecentShelf } from './desk/shelves'
import { Workbench } from './desk/workbench'
import { openEngine } from './index'

/** A port as Electron has it. */
interface Port {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): void
  on(event: 'close', listener: () => void): void
  start(): void
}

interface ParentPort {
  postMessage(message: FromEngine): void
  on(event: 'message', listener: (event: { data: ToEngine; ports: Port[] }) => void): void
}

const { parentPort } = process as unknown as { parentPort?: ParentPort }
const [recentFile, projectsFolder] = process.argv.slice(2)
if (!parentPort || !recentFile || !projectsFolder) {
  throw new Error("the engine's process is started by the desktop: engine RECENT PROJECTS")
}
const main = parentPort

/** Progress is told to main at most so often, in ms. */
const PROGRESS_MS = 2000

// The workers are forked from Electron's own program, which this makes a plain Node.
process.env['ELECTRON_RUN_AS_NODE'] = '1'
const engine = openEngine({
  processEntry: join(__dirname, 'workerProcess.cjs'),
  workerEntry: join(__dirname, 'worker.cjs'),
  program: { entry: join(__dirname, 'cli.cjs'), version }
})
const workbench = new Workbench(engine, new RecentShelf(recentFile, projectsFolder), {
  cliEntry: join(__dirname, 'cli.cjs'),
  versions: { assay: version, ...dependencies }
})
const desks = new Map<number, { desk: Desk; api: EngineApi }>()
/** Studies that run, by the folder of their project. */
const running = new Map<string, string>()
let isClosing = false

workbench.log.hearRejections()
workbench.onEvent((event, project) => tellOfStudies(event, project))

main.on('message', ({ data, ports }) => {
  const { id, ...order } = data
  obey(order, ports[0]).then(
    (value) => main.postMessage({ kind: 'answer', id, value, error: null }),
    (error: unknown) => main.postMessage({ kind: 'answer', id, value: '', error: toPlain(error) })
  )
})

/** @returns what the order asks for; else an empty text */
async function obey(order: EngineOrder, port: Port | undefined): Promise<string> {
  switch (order.kind) {
    case 'desk':
      if (!port) throw new Error('a desk wants a port')
      await addDesk(order, port)
      return ''
    case 'goOn':
      await goOn(order.run)
      return ''
    case 'open':
      await deskOf(order).openFolder(order.project.path, { readOnly: order.project.isReadOnly })
      return ''
    case 'openRecent':
      await deskOf(order).openFolder(await workbench.shelf.folderOf(order.recent))
      return ''
    case 'create':
      await deskOf(order).createIn(order.path)
      return ''
    case 'drop':
      return deskOf(order).host.adoptDrop(order.paths)
    case 'busy':
      return busyTitles()
    case 'close':
      isClosing = true
      await workbench.close()
      await engine.close()
      return ''
  }
}

function deskOf({ desk }: { desk: number }): Desk {
  const found = desks.get(desk)
  if (!found) throw new Error(`there is no desk ${desk}`)
  return found.desk
}

/** A screen came: it is served whether or not its project can be opened. */
async function addDesk(
  { desk: number, project }: Extract<EngineOrder, { kind: 'desk' }>,
  port: Port
): Promise<void> {
  // The port comes from main, which gives it to its own window alone: who sits there sits at this machine.
  const desk = workbench.desk({ setsCommands: true })
  const api = desk.api()
  desks.set(number, { desk, api })
  api.onEvent((event) => {
    if (event.kind === 'desk') tellOfDesk(number).catch((error) => noteUntold(error))
  })
  const pipe = pipeOver(port)
  pipe.onClose(() => {
    desks.delete(number)
    desk.leave().catch((error) => workbench.log.addRefusal(desk.title, 'leave', toPlain(error)))
  })
  try {
    if (project) await desk.openFolder(project.path, { readOnly: project.isReadOnly })
    else await tellOfDesk(number)
  } finally {
    // Only now: the page reads the project first of all.
    serve(api, pipe, (command, error) => workbench.log.addRefusal(desk.title, command, error))
    port.start()
  }
}

/** Runs a study in its own project, which stays open while it runs though no screen shows it. */
async function goOn({ folder, study }: RunningStudy): Promise<void> {
  const host = await workbench.enter(folder)
  try {
    const { running: already } = await host.readProject()
    if (already === null) await host.runStudy({ study })
  } finally {
    await workbench.leave(host)
  }
}

async function tellOfDesk(number: number): Promise<void> {
  const found = desks.get(number)
  if (!found) return
  const { open, projects } = await found.api.readDesk({})
  const { folder, isReadOnly } = open === null ? { folder: '', isReadOnly: false } : found.desk.host
  main.postMessage({
    kind: 'desk',
    desk: number,
    project: open === null ? null : { path: folder, isReadOnly, title: basename(folder) },
    recent: projects.map(({ id, title }) => ({ id, title }))
  })
}

function tellOfStudies(event: EngineEvent, project: string): void {
  if (event.kind === 'study') {
    const { study, state } = event
    if (state === 'running') running.set(project, study)
    else running.delete(project)
    main.postMessage({
      kind: 'running',
      studies: [...running].map(([folder, name]) => ({ folder, study: name }))
    })
    main.postMessage(event)
  }
  if (event.kind === 'run' || event.kind === 'measured') tellOfProgressSoon(project)
}

async function busyTitles(): Promise<string> {
  // One may be open twice: to be written, and to be looked at.
  const folders = new Set(await workbench.busy())
  return [...folders].map((folder) => basename(folder)).join(', ')
}

let telling: ReturnType<typeof setTimeout> | null = null

function tellOfProgressSoon(project: string): void {
  telling ??= setTimeout(() => {
    telling = null
    tellOfProgress(project).catch((error) => noteUntold(error))
  }, PROGRESS_MS)
}

/** How far a running study is, in tokens of finished runs. */
async function tellOfProgress(project: string): Promise<void> {
  const study = running.get(project)
  // One that is being closed is not opened again to ask how far it is.
  if (study === undefined || isClosing) return
  const host = await workbench.enter(project)
  try {
    const { runs } = await host.readQueue({ study })
    const sum = (some: typeof runs) => some.reduce((total, { tokens }) => total + tokens, 0)
    const total = sum(runs)
    const share = total > 0 ? sum(runs.filter(({ isDone }) => isDone)) / total : null
    if (running.has(project)) main.postMessage({ kind: 'progress', share })
  } finally {
    await workbench.leave(host)
  }
}

/**
 * Main was not told: the page closed meanwhile, or its project. Nothing is lost, for what comes next
 * is told anew; but it must not end the engine as a rejection that nobody heard.
 */
function noteUntold(error: unknown): void {
  workbench.log.add('info', null, `The desktop was not told: ${toPlain(error).message}`)
}

function pipeOver(port: Port): Pipe {
  return {
    send: (text) => port.postMessage(text),
    onText: (listener) => port.on('message', ({ data }) => listener(String(data))),
    onClose: (listener) => port.on('close', listener)
  }
}
