/** What `assay serve` prints when it is ready. */
import { SetupFailure } from './setup/failure.mjs'

/**
 * Waits for the link, with its token, that a running `assay serve` prints.
 *
 * @param {import('node:child_process').ChildProcess} child whose stdout is a pipe
 * @returns {Promise<string>}
 * @throws SetupFailure with what it said, where it ends before
 */
export function servedLink(child) {
  return new Promise((done, fail) => {
    let said = ''
    child.stderr?.on('data', (chunk) => (said += String(chunk)))
    child.stdout?.on('data', (chunk) => {
      said += String(chunk)
      const [link] = /http:\S+/.exec(said) ?? []
      if (link) done(link)
    })
    child.once('exit', (status) =>
      fail(new SetupFailure(`assay serve ended with status ${status}: ${said}`))
    )
  })
}
