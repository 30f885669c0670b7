/** A display without a screen, for the desktop application in tests and measurements. */
import { spawn } from 'node:child_process'
import { SetupFailure } from './setup/failure.mjs'

/**
 * Opens one with Xvfb, which chooses a number that is free, and writes it when it is ready.
 *
 * @returns {Promise<{ screen: string, close: () => void }>} `screen` is what `DISPLAY` is set to
 * @throws SetupFailure where Xvfb is not there or ends
 */
export async function openDisplay() {
  const args = ['-displayfd', '3', '-screen', '0', '1400x900x24', '-nolisten', 'tcp']
  const child = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const screen = await new Promise((done, fail) => {
    child.stdio[3]?.once('data', (data) => done(`:${String(data).trim()}`))
    child.once('error', (error) => fail(new SetupFailure(`Xvfb does not start: ${error.message}`)))
    child.once('exit', (status) => fail(new SetupFailure(`Xvfb ended with status ${status}.`)))
  })
  return { screen: String(screen), close: () => void child.kill() }
}
