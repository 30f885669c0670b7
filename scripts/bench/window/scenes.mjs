/** What is done in the window while its frames are measured. */
import { serveScene } from './engine.mjs'
import { beliefOf, matrixOf, trainingRuns } from './records.mjs'
import { markFrames, measureFrames, quantile } from './trace.mjs'

/** Done before measuring, so that the browser has compiled what it will run; milliseconds. */
const WARM_MS = 2000
const MEASURED_MS = 8000
/** Each is measured so often, in a page of its own; what else the machine does can only slow it. */
const ROUNDS = 3

/** How quickly the matrix is scrolled, pixels per second. */
const DOWN = 6000
const SIDEWAYS = 400

/**
 * @typedef {object} Measured
 * @property {string} what
 * @property {string} size
 * @property {number[]} frames milliseconds; of the round in which script took least
 * @property {number[]} scripting milliseconds; of the same round
 * @property {number[]} rounds scripting at the 95th percentile, of every round
 */

/**
 * Opens a screen of an engine's; frames are marked.
 *
 * @param {import('@playwright/test').Browser} browser
 * @param {string} link
 * @param {string} screen
 */
export async function openScreen(browser, link, screen, isMarked = true) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  if (isMarked) await markFrames(page)
  page.on('pageerror', (error) => console.error(`the window complains: ${error.message}`))
  await page.goto(link)
  await page.getByRole('button', { name: screen, exact: true }).click()
  return page
}

/** @param {import('@playwright/test').Page} page */
export async function refuseProblems(page) {
  const problems = await page.getByRole('alert').allInnerTexts()
  if (problems.length > 0) throw new Error(`the window shows a problem: ${problems.join('; ')}`)
}

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} root
 * @param {import('./engine.mjs').Scene} scene
 * @param {string} screen
 * @param {(page: import('@playwright/test').Page) => Promise<(milliseconds: number) => Promise<void>>} begin
 *   brings the window to where it is measured, and says what is then done for so long
 */
async function measureScene(browser, root, scene, screen, begin) {
  const found = []
  for (let round = 0; round < ROUNDS; round++) {
    found.push(await measureOnce(browser, root, scene, screen, begin))
  }
  const rounds = found.map(({ scripting }) => quantile(scripting, 0.95))
  const best = found[rounds.indexOf(Math.min(...rounds))]
  if (!best) throw new Error('nothing was measured')
  return { ...best, rounds }
}

/** @type {(...given: Parameters<typeof measureScene>) => ReturnType<typeof measureFrames>} */
async function measureOnce(browser, root, scene, screen, begin) {
  const engine = await serveScene(root, scene)
  const page = await openScreen(browser, engine.link, screen)
  try {
    const work = await begin(page)
    await work(WARM_MS)
    const measured = await measureFrames(page, () => work(MEASURED_MS))
    await refuseProblems(page)
    return measured
  } finally {
    await page.context().close()
    engine.close()
  }
}

/**
 * Repeats something until a time is over.
 *
 * @param {number} milliseconds
 * @param {(elapsed: number) => Promise<void>} step
 */
async function during(milliseconds, step) {
  const begun = Date.now()
  for (let past = 0; past < milliseconds; past = Date.now() - begun) await step(past)
}

/** @param {import('@playwright/test').Locator} locator */
async function boxOf(locator) {
  const box = await locator.boundingBox()
  if (!box) throw new Error('what is to be measured is not in sight')
  return box
}

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} root
 * @returns {Promise<Measured>}
 */
export async function scrollMatrix(browser, root) {
  const scene = { matrix: matrixOf({ mixtures: 10_000, domains: 30, trained: 400 }) }
  const measured = await measureScene(browser, root, scene, 'Mixtures', async (page) => {
    await page.locator('[data-mixture]').first().waitFor()
    const box = await boxOf(page.getByRole('grid', { name: 'Mixtures' }))
    const client = await page.context().newCDPSession(page)
    const at = { x: box.x + box.width / 2, y: box.y + box.height - 60 }
    /**
     * @param {'xDistance' | 'yDistance'} along
     * @param {number} speed
     * @param {number} seconds
     */
    const scroll = (along, speed, seconds) =>
      client.send('Input.synthesizeScrollGesture', {
        ...at,
        [along]: -speed * seconds,
        speed,
        gestureSourceType: 'mouse'
      })
    // As a wheel that runs free, some hundred rows a second; then sideways.
    return async (milliseconds) => {
      await scroll('yDistance', DOWN, (0.8 * milliseconds) / 1000)
      await scroll('xDistance', SIDEWAYS, (0.2 * milliseconds) / 1000)
    }
  })
  return {
    what: 'scrolling the matrix',
    size: '10,000 mixtures × 30 domains, 24 partitions',
    ...measured
  }
}

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} root
 * @returns {Promise<Measured>}
 */
export async function panScatter(browser, root) {
  const matrix = matrixOf({ mixtures: 20_030, domains: 3 })
  const scene = { matrix, belief: beliefOf(matrix) }
  const measured = await measureScene(browser, root, scene, 'Evidence', async (page) => {
    await page
      .getByRole('button', { name: /^Enlarge/ })
      .first()
      .click()
    const plot = page.getByRole('dialog').locator('.plot')
    await plot.locator('canvas').waitFor()
    const box = await boxOf(plot)
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    await page.keyboard.down('Shift')
    await page.mouse.move(x, y)
    await page.mouse.down()
    return (milliseconds) =>
      during(milliseconds, (past) => {
        const turn = past / 300
        return page.mouse.move(x + 120 * Math.sin(turn), y + 90 * Math.sin(1.3 * turn))
      })
  })
  return {
    what: 'panning a scatter plot',
    size: `${matrix.rows.filter((row) => !row.isMerge).length.toLocaleString('en-US')} points, full size`,
    ...measured
  }
}

const RUNS = 200

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} root
 * @param {boolean} isRead whether the pointer moves over the curves
 * @returns {Promise<Measured>}
 */
export async function watchCurves(browser, root, isRead) {
  const scene = { runs: trainingRuns(RUNS) }
  const measured = await measureScene(browser, root, scene, 'Training', async (page) => {
    const chart = page.getByRole('slider').first()
    await chart.waitFor()
    const box = await boxOf(chart)
    const y = box.y + box.height / 2
    return (milliseconds) =>
      during(milliseconds, async (past) => {
        if (!isRead) return page.waitForTimeout(milliseconds - past)
        const along = 0.5 - 0.4 * Math.cos(past / 900)
        await page.mouse.move(box.x + along * box.width, y)
      })
  })
  return {
    what: isRead ? 'the same, the pointer reading all curves' : 'curves that grow',
    size: `${RUNS} runs, each told of 4 times a second`,
    ...measured
  }
}
