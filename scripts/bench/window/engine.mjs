/** An engine of made-up records that answers the contract, beside the built window it is asked by. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { WebSocketServer } from 'ws'
import { curveOf, packed, progressOf } from './records.mjs'

const STUDY = 'measured'
/** Every run tells of itself once in so many milliseconds, in one of so many turns. */
const ROUND_MS = 250
const TURNS = 10

const SHAPE = {
  hiddenSize: 64,
  hiddenLayers: 2,
  attentionHeads: 2,
  keyValueHeads: 2,
  intermediateSize: 128,
  contextLength: 128
}

/** @type {Record<string, string>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

/**
 * @typedef {object} Scene what the engine has
 * @property {ReturnType<typeof import('./records.mjs').matrixOf>} [matrix]
 * @property {ReturnType<typeof import('./records.mjs').beliefOf>} [belief]
 * @property {ReturnType<typeof import('./records.mjs').trainingRuns>} [runs] all of them train
 */

/**
 * @param {string} root of the clone, built
 * @param {Scene} scene
 */
export async function serveScene(root, scene) {
  const runs = scene.runs ?? []
  // Curves of different lengths: not all of them are thinned in the same moment.
  const steps = new Map(runs.map(({ fingerprint }, i) => [fingerprint, 2 * i + 1]))
  const answer = answersOf(scene, steps)
  const http = createServer((request, response) => {
    const path = request.url === '/' ? '/index.html' : (request.url ?? '')
    readFile(join(root, 'out', 'renderer', path)).then(
      (data) => {
        response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'font/woff2' })
        response.end(data)
      },
      () => response.writeHead(404).end()
    )
  })
  const sockets = new WebSocketServer({ server: http })
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => {
      if (String(data) === '') return socket.send('')
      const { id, command, input } = JSON.parse(String(data))
      socket.send(JSON.stringify({ id, ...answer(command, input) }))
    })
  )
  await new Promise((done) => http.listen(0, '127.0.0.1', () => done(null)))
  const address = /** @type {import('node:net').AddressInfo} */ (http.address())

  /** @param {unknown} event */
  function tell(event) {
    for (const one of sockets.clients) one.send(JSON.stringify({ event }))
  }

  /**
   * Lets curves grow, and tells of it.
   *
   * @param {number} points
   * @param {string[]} those
   */
  function grow(points, those = [...steps.keys()]) {
    for (const run of those) {
      const step = (steps.get(run) ?? 0) + points
      steps.set(run, step)
      tell(progressOf(run, step))
    }
  }
  // Runs train by themselves: they do not all tell of themselves in one moment.
  const turns = Array.from({ length: TURNS }, (_, turn) =>
    [...steps.keys()].filter((_, i) => i % TURNS === turn)
  )
  let turn = 0
  const growing = setInterval(() => grow(1, turns[turn++ % TURNS]), ROUND_MS / TURNS)
  return {
    link: `http://127.0.0.1:${address.port}/`,
    tell,
    grow,
    close() {
      clearInterval(growing)
      for (const one of sockets.clients) one.terminate()
      http.close()
    }
  }
}

/**
 * @param {Scene} scene
 * @param {Map<string, number>} steps how far each run is
 * @returns {(command: string, input: any) => { output: unknown } | { error: unknown }}
 */
export function answersOf({ matrix, belief, runs = [] }, steps) {
  const gone = 'This engine was made to measure the window, and does not know'
  /** @type {Record<string, (input: any) => unknown>} */
  const answers = {
    readDesk: () => ({
      open: STUDY,
      shelf: 'one',
      projects: [],
      newProjectsIn: null,
      hasDemo: false,
      setsCommands: false
    }),
    readProject: () => ({
      title: STUDY,
      isReadOnly: true,
      readOnlyBecause: null,
      isFromTables: false,
      studies: [study()],
      corpora: [],
      running: runs.length > 0 ? STUDY : null,
      waiting: [],
      lowDisk: null,
      importing: null,
      undo: null,
      redo: null
    }),
    readQueue: () => ({ isPrepared: true, runs }),
    readCatalogue: () => catalogue(runs),
    readMatrix: () => (matrix ? packed(matrix) : null),
    readBelief: () => belief ?? null,
    readAdditions: () => null,
    readCost: () => null,
    readMachine: () => ({
      cpu: { load: 0.5, threads: 2, threadsUsed: 2 },
      memory: { usedBytes: 1e9, totalBytes: 4e9 },
      disk: { freeBytes: 1e9, projectBytes: 1e6 },
      devices: []
    }),
    readCurves: ({ curves, points }) =>
      curves.map((/** @type {{ run: string, after: number | null }} */ { run, after }) =>
        curveOf(run, after, steps.get(run) ?? 0, points)
      )
  }
  return (command, input) => {
    const own = answers[command]
    if (own) return { output: own(input) }
    const message = `${gone} ${command}.`
    return { error: { code: 'bug', message, details: {}, stack: null, cause: null } }
  }
}

function study() {
  const recipe = { batchSize: 16, peakLearningRate: 1e-3, schedule: 'constant' }
  return {
    version: 1,
    name: STUDY,
    tokenizer: { kind: 'train', vocabularySize: 8192 },
    model: SHAPE,
    seed: { source: 'none' },
    branch: recipe,
    unit: { sequences: 100 },
    mixtures: { choose: { kind: 'all' } },
    sequential: { choose: { kind: 'all' } }
  }
}

/** @param {NonNullable<Scene['runs']>} runs */
function catalogue(runs) {
  const partitions = [...new Set(runs.flatMap((run) => run.partitions))].map((name) => ({
    name,
    documents: 1000,
    bytes: 1e6,
    tokens: 250_000,
    baseUnits: [],
    leftOverTokens: 0,
    heldOutDocuments: 50,
    heldOutBytes: 50_000,
    heldOutTokens: 12_500,
    duplicatesRemoved: 0,
    duplicateBytes: 0
  }))
  return { partitions, domains: [], overlaps: [] }
}
