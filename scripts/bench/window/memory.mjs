/** Whether the window's memory grows while it is told of updates for a long time. */
import { serveScene } from './engine.mjs'
import { beliefOf, matrixOf, trainingRuns } from './records.mjs'
import { openScreen, refuseProblems } from './scenes.mjs'

const RUNS = 200
const SAMPLES = 12
/** Points by which curves grow at once, so that each is as long as it ever gets. */
const LEAP = 400

/**
 * @typedef {object} Memory
 * @property {number} minutes
 * @property {number[]} heaps bytes of the page's JavaScript after a garbage collection, evenly
 *   spread over that time; the first is its beginning
 */

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} root
 * @param {number} minutes
 * @returns {Promise<Memory>}
 */
export async function watchMemory(browser, root, minutes) {
  const matrix = matrixOf({ mixtures: 500, domains: 10 })
  const runs = trainingRuns(RUNS)
  const engine = await serveScene(root, { matrix, belief: beliefOf(matrix), runs })
  const page = await openScreen(browser, engine.link, 'Training', false)
  const timers = [
    setInterval(() => engine.tell({ kind: 'run', record: runs[0]?.head }), 1000),
    setInterval(() => {
      // Everything that was measured is read anew.
      engine.tell({ kind: 'measured', label: 'merges', done: 1, total: 2 })
      engine.tell({ kind: 'measured', label: 'merges', done: 2, total: 2 })
    }, 5000)
  ]
  try {
    await page.getByRole('slider').first().waitFor()
    await page.waitForTimeout(3000)
    engine.grow(LEAP)
    await page.waitForTimeout(10_000)
    const client = await page.context().newCDPSession(page)
    const heap = async () => {
      await client.send('HeapProfiler.collectGarbage')
      return (await client.send('Runtime.getHeapUsage')).usedSize
    }
    // The first collections also free what opening the page left behind.
    await heap()
    const heaps = [await heap()]
    for (let sample = 1; sample <= SAMPLES; sample++) {
      await page.waitForTimeout((minutes * 60_000) / SAMPLES)
      heaps.push(await heap())
      console.error(`memory, sample ${sample} of ${SAMPLES}: ${megabytes(heaps.at(-1) ?? NaN)}`)
    }
    await refuseProblems(page)
    return { minutes, heaps }
  } finally {
    timers.forEach(clearInterval)
    await page.context().close()
    engine.close()
  }
}

/** @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
