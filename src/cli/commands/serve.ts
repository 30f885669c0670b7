/** `assay serve`: the window in a browser, here or through a tunnel. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { FolderShelf, SingleShelf, Workbench } from '#engine'
import type { Desk, Engine } from '#engine'
import { WorkbenchError } from '#shared/errors'
import { dependencies, version } from '../../../package.json'
import { wholeNumber } from '../flags'
import { startServer } from '../serve/server'
import type { Visitor } from '../serve/server'
import { EXIT, withEngine } from '../session'
import { printText } from '../output'
import { diskFloor } from './run'

interface ServeFlags {
  port: string
  host?: string
  projects?: string
  readOnly?: boolean
  threads?: string
  diskFloor?: string
}

/** Adds `serve` to the program. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('Show one project, or a folder of projects, in a browser. Ctrl-C ends it.')
    .argument('[project]', 'project folder')
    .option('--projects <folder>', 'all projects in this folder; new ones are made there')
    .option('--port <n>', 'port to listen on; 0: any that is free', '0')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--read-only', 'only look at the project; may be done beside a run')
    .option('--threads <n>', 'threads to use (default: all)')
    .option('--disk-floor <bytes>', 'studies wait while less is free: 5GB (default: by the model)')
    .addHelpText(
      'after',
      `
Examples:
  assay serve my-study
  assay serve --projects ~/studies
  assay serve --projects ~/studies --port 8800
      then, on a laptop: ssh -L 8800:localhost:8800 HOST

The printed link holds a token: whoever has it, and can reach the port, can run studies.`
    )
    .action(async (path: string | undefined, flags: ServeFlags) => {
      if ((path === undefined) === (flags.projects === undefined)) {
        throw new WorkbenchError(
          'usage/invalid',
          'Name what to serve: a project (assay serve my-study) or a folder of projects (assay serve --projects FOLDER), not both.'
        )
      }
      if (flags.projects !== undefined && flags.readOnly) {
        throw new WorkbenchError(
          'usage/invalid',
          '--read-only is for one project; of a folder, each project is opened for reading on its start page.'
        )
      }
      await serveProjects(path, flags)
    })
}

const VERSIONS = { assay: version, ...dependencies }

/** Serves one project, or with no path those of `flags.projects`, until it is interrupted. */
export async function serveProjects(path: string | undefined, flags: ServeFlags): Promise<void> {
  const port = wholeNumber(flags.port, '--port')
  await withEngine(flags, async ({ engine, signal }) => {
    const served =
      path === undefined ? ofFolder(engine, flags) : await ofProject(engine, path, flags)
    await serveUntil(signal, served, { host: flags.host ?? '127.0.0.1', port })
    return EXIT.ok
  })
}

interface Served {
  workbench: Workbench
  title: string
  welcome: () => Promise<Visitor>
}

function ofFolder(engine: Engine, flags: ServeFlags): Served {
  const folder = flags.projects!
  if (!existsSync(folder)) {
    throw new WorkbenchError('usage/invalid', `There is no folder ${folder}. Make it first.`)
  }
  const workbench = new Workbench(engine, new FolderShelf(folder), {
    cliEntry: join(__dirname, 'cli.cjs'),
    versions: VERSIONS,
    disk: diskFloor(flags)
  })
  const welcome = () => {
    const desk = workbench.desk()
    return Promise.resolve(visitorAt(desk, workbench))
  }
  return { workbench, title: `The projects in ${folder} are`, welcome }
}

/** The project stays open for as long as it is served. */
async function ofProject(engine: Engine, path: string, flags: ServeFlags): Promise<Served> {
  const workbench = new Workbench(engine, new SingleShelf(path), {
    versions: VERSIONS,
    disk: diskFloor(flags)
  })
  const options = { readOnly: flags.readOnly ?? false }
  const { folder } = await workbench.enter(path, options)
  const welcome = async () => {
    const desk = workbench.desk()
    await desk.openFolder(path, options)
    return visitorAt(desk, workbench)
  }
  return { workbench, title: `${folder} is`, welcome }
}

function visitorAt(desk: Desk, { log }: Workbench): Visitor {
  return {
    api: desk.api(),
    leave: () => desk.leave(),
    onRefusal: (command, error) => log.addRefusal(desk.title, command, error)
  }
}

async function serveUntil(
  signal: AbortSignal,
  { workbench, title, welcome }: Served,
  { host, port }: { host: string; port: number }
): Promise<void> {
  const files = join(__dirname, '..', 'renderer')
  if (!existsSync(join(files, 'index.html'))) {
    throw new WorkbenchError('usage/invalid', `The window is not built: no ${files}.`)
  }
  try {
    const server = await startServer(welcome, { files, host, port })
    printText(`${title} served at\n${server.link}\n`)
    await new Promise<void>((done) => signal.addEventListener('abort', () => done()))
    await server.close()
  } finally {
    await workbench.close()
  }
}
