/** The window's own speed: launch, frames, and memory over a long time, as a table. */
import { cpus, loadavg } from 'node:os'
import { findProgram } from '../../setup/run.mjs'
import { SetupFailure } from '../../setup/failure.mjs'
import { measureLaunch } from './launch.mjs'
import { megabytes, watchMemory } from './memory.mjs'
import { panScatter, scrollMatrix, watchCurves } from './scenes.mjs'
import { quantile } from './trace.mjs'

/** Milliseconds that our script may take of a frame, at the 95th percentile. */
const MOST_SCRIPTING = 8

/**
 * Measures the window in Debian's Chromium, and the desktop where the tests' Electron is at hand.
 *
 * @param {string} root of the clone, built
 * @param {number} minutes how long the memory is watched
 * @returns {Promise<string>} a table
 * @throws SetupFailure without Chromium
 */
export async function measureWindow(root, minutes) {
  const executablePath = findProgram('chromium')
  if (!executablePath) {
    throw new SetupFailure(
      'Missing: Chromium, in which the window is measured.\nInstall with: apt-get install -y chromium'
    )
  }
  const { chromium } = await import('@playwright/test')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const load = (loadavg()[0] ?? NaN).toFixed(1)
    const place = `${cpus()[0]?.model.trim()}, ${cpus().length} threads, no GPU; Chromium ${browser.version()}`
    const head = `${place}; load when it began ${load}; ${new Date().toISOString().slice(0, 10)}.`
    const launches = await measureLaunch(browser, root)
    for (const { what, seconds } of launches) console.error(`${what}: ${secondsOf(seconds)}`)
    const scenes = []
    const measures = [
      () => scrollMatrix(browser, root),
      () => panScatter(browser, root),
      () => watchCurves(browser, root, false),
      () => watchCurves(browser, root, true)
    ]
    for (const measure of measures) {
      const scene = await measure()
      console.error(`${scene.what}: scripting p95 ${time(scene.scripting, 0.95)}`)
      scenes.push(scene)
    }
    const memory = await watchMemory(browser, root, minutes)
    return [head, '', ...tableOf(launches, scenes), '', ...memoryTable(memory)].join('\n')
  } finally {
    await browser.close()
  }
}

/** @param {string[]} cells */
const row = (...cells) => `| ${cells.join(' | ')} |`

/**
 * @param {number[]} values milliseconds
 * @param {number} share
 */
const time = (values, share) => `${quantile(values, share).toFixed(1)} ms`

/** @param {number[]} seconds */
const secondsOf = (seconds) =>
  `${quantile(seconds, 0.5).toFixed(2)} s (${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)})`

/**
 * @param {import('./launch.mjs').Launch[]} launches
 * @param {import('./scenes.mjs').Measured[]} scenes
 */
function tableOf(launches, scenes) {
  return [
    row('launch', `median of ${launches[0]?.seconds.length} (range)`),
    row('---', '---'),
    ...launches.map(({ what, seconds }) => row(what, secondsOf(seconds))),
    '',
    row('what', 'size', 'frame p50', 'frame p95', 'our script per frame, p95', 'aim'),
    row('---', '---', '---', '---', '---', '---'),
    ...scenes.map(({ what, size, frames, scripting, rounds }) =>
      row(
        what,
        size,
        time(frames, 0.5),
        time(frames, 0.95),
        `${time(scripting, 0.95)} (rounds ${Math.min(...rounds).toFixed(1)}–${Math.max(...rounds).toFixed(1)})`,
        `at most ${MOST_SCRIPTING} ms`
      )
    )
  ]
}

/** @param {import('./memory.mjs').Memory} memory */
function memoryTable({ minutes, heaps }) {
  const [first = NaN, last = NaN] = [heaps[0], heaps.at(-1)]
  return [
    row('memory of the page', 'begin', 'end', 'growth', 'range between'),
    row('---', '---', '---', '---', '---'),
    row(
      `${minutes} min of updates of 200 runs`,
      megabytes(first),
      megabytes(last),
      megabytes(last - first),
      `${megabytes(Math.min(...heaps))}–${megabytes(Math.max(...heaps))}`
    )
  ]
}
