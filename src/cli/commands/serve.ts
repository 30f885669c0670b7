/** `assay serve`: the window of a project in a browser, here or through a tunnel. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { ProjectHost } from '#engine'
import { WorkbenchError } from '#shared/errors'
import { wholeNumber } from '../flags'
import { startServer } from '../serve/server'
import { EXIT, withProject } from '../session'

interface ServeFlags {
  port: string
  host: string
  readOnly?: boolean
  threads?: string
}

/** Adds `serve` to the program. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('Show a project in a browser: runs, mixtures, evidence. Ctrl-C ends it.')
    .argument('<project>', 'project folder')
    .option('--port <n>', 'port to listen on; 0: any that is free', '0')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--read-only', 'only look; may be done beside a run')
    .option('--threads <n>', 'threads to use (default: all)')
    .addHelpText(
      'after',
      `
Examples:
  assay serve my-study
  assay serve my-study --port 8800     then, on a laptop: ssh -L 8800:localhost:8800 HOST

The printed link holds a token: whoever has it, and can reach the port, can run the study.`
    )
    .action(async (path: string, flags: ServeFlags) => {
      const files = join(__dirname, '..', 'renderer')
      if (!existsSync(join(files, 'index.html'))) {
        throw new WorkbenchError('usage/invalid', `The window is not built: no ${files}.`)
      }
      const port = wholeNumber(flags.port, '--port')
      await withProject(path, flags, async ({ signal }, session) => {
        const host = new ProjectHost(session)
        const server = await startServer(host, { files, host: flags.host, port })
        process.stdout.write(`${session.folder} is served at\n${server.link}\n`)
        await new Promise<void>((done) => signal.addEventListener('abort', () => done()))
        await host.close()
        await server.close()
        return EXIT.ok
      })
    })
}
