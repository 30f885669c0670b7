/** Trains one run by the user's own command: inputs out, a Hugging Face folder back, looked at and adopted. */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { WorkbenchError, toPlain } from '#shared/errors'
import { jsonValue } from '#shared/jsonText'
import type { RunResult, TracePoint } from '#shared/records'
import { fillCommand, splitCommand } from '#shared/trainer'
import type { TrainerSettings, TrainerValue } from '#shared/trainer'
import { threadEnvironment } from '#engine/backends/environment'
import type { Claim } from '#engine/storage/claims'
import { LineLog, makeFolder, removeTree, writeFileAtomic } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { nullIfAbsent } from '#engine/storage/presence'
import { readText } from '#engine/storage/reading'
import { isRunFinished, writeManifest } from '#engine/storage/runs'
import { sweepDrafts } from '#engine/storage/sweepDrafts'
import { learningRateAt } from '#engine/training/schedule'
import { batchesOf, makeInputs } from './commandInputs'
import type { CommandInputs } from './commandInputs'
import { CommandLog } from './commandNews'
import type { CommandNews } from './commandNews'
import { adoptOutput } from './commandOutput'
import { awaitEarlier, callCommand } from './commandProcess'
import type { CommandEnd } from './commandProcess'
import type { JobHooks, TrainJob, TrainResult } from './jobs'
import { rateMeter } from './rate'
import { finalLoss, keepTraceUpTo } from './runFolder'

/** How far it is is told, and its log kept, so often. */
const TELL_EVERY_MS = 1000
const LOG_EVERY_MS = 5000
/** Beyond the time that a command is given to end, for whoever counts it. */
const SPARE_SECONDS = 10

/** Where things lie in the `command/` folder of a run. */
function placesOf({ project, fingerprint }: TrainJob) {
  const folder = projectPaths.command(project, fingerprint)
  const place = (name: string) => join(folder, name)
  return {
    folder,
    log: place('log.txt'),
    /** What it gives back. */
    out: place('out'),
    /** Its own, from call to call. */
    state: projectPaths.commandState(project, fingerprint),
    /** Where it is called. */
    work: place('work'),
    /** Its process, while it runs. */
    mark: place('process.json'),
    /** Told what it was when it ended well: what it left is whole. */
    ended: place('ended.json'),
    /** Time that earlier calls took. */
    time: place('time.json')
  }
}
type Places = ReturnType<typeof placesOf>

/** What is known of a run by its calls. */
interface Told {
  /** Steps that are done, as far as it says. */
  step: number
  device: string | null
  elapsedMs: number
}

/**
 * Trains a run by a command, from its start or from what the command keeps in its `state` folder.
 *
 * A run that was killed at any moment is called again, or adopted where the command had ended well. Nothing
 * is adopted that was not looked at. Who took the run over meanwhile has its folders: then the command is ended,
 * and nothing of it is written or taken.
 *
 * @throws WorkbenchError `trainer/*`, `storage/*`, `checkpoint/mismatch`, `run/claimed`
 */
export async function trainByCommand(
  job: TrainJob,
  trainer: TrainerSettings,
  hooks: JobHooks,
  claim: Claim
): Promise<TrainResult> {
  const places = placesOf(job)
  await makeFolder(places.folder)
  await sweepDrafts(places.folder, 1)
  await assertAlone(job, trainer, places, hooks.signal)
  const batches = await batchesOf(job)
  const { steps } = batches
  const inputs = await makeInputs(job, batches, hooks).finally(() => batches.close())
  const earlier = await readTold(places.ended)
  const { device = null, elapsedMs = 0 } = (await readTold(places.time)) ?? {}
  // How far it is it says anew in every call.
  const told = earlier ?? { step: 0, device, elapsedMs }
  if (!earlier) {
    const end = await call(job, trainer, { places, inputs, steps, told, claim }, hooks)
    claim.assertHeld()
    // Stopped it may have left what it had by then: only its word says that this is all.
    if (hooks.signal.aborted && !(end.status === 0 && told.step >= steps)) {
      await writeFileAtomic(places.time, JSON.stringify(told))
      return { outcome: 'stopped', result: await resultOf(job, told) }
    }
    if (end.status !== 0) throw failed(job, trainer, places, end, await readLog(places.log))
    await writeFileAtomic(places.ended, JSON.stringify(told))
  }
  await adopt(job, places, inputs, hooks)
  const result = await resultOf(job, { ...told, step: steps })
  claim.assertHeld()
  await finish(job, places, result)
  return { outcome: 'finished', result }
}

/** @throws WorkbenchError `trainer/failed` while an earlier call is at work */
async function assertAlone(
  { label }: TrainJob,
  { graceSeconds }: TrainerSettings,
  { mark }: Places,
  signal: AbortSignal
): Promise<void> {
  const pid = await awaitEarlier(mark, graceSeconds + SPARE_SECONDS, signal)
  if (pid === null) return
  throw new WorkbenchError(
    'trainer/failed',
    `The trainer of ${label} is at work still from an earlier call (${pid === 'unknown' ? `${mark} cannot be read` : `process ${pid}`}), although it was asked to end. End it, then run again.`,
    { run: label, pid }
  )
}

async function adopt(
  job: TrainJob,
  places: Places,
  { init }: CommandInputs,
  hooks: JobHooks
): Promise<void> {
  if (isRunFinished(job.project, job.fingerprint)) return
  try {
    await adoptOutput(job, { out: places.out, init }, hooks)
  } catch (error) {
    // What was refused once is refused again: the next call makes it anew.
    if (toPlain(error).code.startsWith('trainer/')) await removeTree(places.ended)
    throw error
  }
}

/** The manifest makes it finished; the log stays. */
async function finish(job: TrainJob, places: Places, result: RunResult): Promise<void> {
  await writeManifest(job.project, job.fingerprint, result)
  const { out, state, work, mark, ended, time, folder } = places
  const made = [join(folder, 'inputs'), join(folder, 'init')]
  for (const path of [...made, out, state, work, mark, time, ended]) await removeTree(path)
}

interface Call {
  places: Places
  inputs: CommandInputs
  steps: number
  told: Told
  claim: Claim
}

/** Calls the command once; `told` has what it said. */
async function call(
  job: TrainJob,
  trainer: TrainerSettings,
  { places, inputs, steps, told, claim }: Call,
  hooks: JobHooks
): Promise<CommandEnd> {
  claim.assertHeld()
  await removeTree(places.out)
  await makeFolder(places.state)
  await makeFolder(places.work)
  const folder = trainer.folder ?? places.work
  if (!existsSync(folder)) throw noFolder(job, folder)
  const values = valuesOf(job, places, inputs, steps)
  const log = new CommandLog(await readLog(places.log))
  const curve = new Curve(job, steps, told, hooks)
  const startedAt = performance.now()
  const before = told.elapsedMs
  const taken = new AbortController()
  const timer = setInterval(() => {
    curve.tell(before + performance.now() - startedAt)
    if (!claim.isHeld()) taken.abort()
  }, TELL_EVERY_MS)
  const keepLog = () =>
    claim.isHeld() ? writeFileAtomic(places.log, log.text).catch(() => undefined) : undefined
  let kept: Promise<void> = Promise.resolve()
  const keeper = setInterval(() => (kept = kept.then(keepLog)), LOG_EVERY_MS)
  try {
    log.add(`[called ${new Date().toISOString()} on ${hostname()}]\n`)
    return await callCommand({
      words: wordsOf(trainer, values),
      setup: trainer.setup,
      folder,
      environment: environmentOf(values),
      graceSeconds: trainer.graceSeconds,
      signal: AbortSignal.any([hooks.signal, taken.signal]),
      mark: places.mark,
      onText: (text) => {
        const told = log.add(text)
        if (claim.isHeld()) told.forEach((news) => curve.add(news))
      }
    })
  } finally {
    clearInterval(timer)
    clearInterval(keeper)
    told.elapsedMs = Math.round(before + performance.now() - startedAt)
    await kept.then(keepLog)
    // Of one that was taken over the mark is the other's.
    if (claim.isHeld()) await removeTree(places.mark)
    await curve.close()
  }
}

function valuesOf(
  job: TrainJob,
  places: Places,
  inputs: CommandInputs,
  steps: number
): Record<TrainerValue, string> {
  const { recipe, config, randomSeed, label } = job
  return {
    ...inputs,
    out: places.out,
    state: places.state,
    steps: String(steps),
    batch: String(recipe.batchSize),
    micro_batch: String(recipe.microBatchSize ?? recipe.batchSize),
    context: String(config.contextLength),
    learning_rate: String(recipe.peakLearningRate),
    warmup: String(recipe.warmupSteps),
    seed: String(randomSeed),
    threads: String(threads()),
    run: label
  }
}

/** How many this worker has, and what it calls. */
function threads(): number {
  return Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 0) || 1
}

function wordsOf({ command }: TrainerSettings, values: Record<TrainerValue, string>): string[] {
  const split = splitCommand(command)
  const filled = 'words' in split ? fillCommand(split.words, values) : split
  // A study with another command is refused when it is read.
  if ('problem' in filled) throw new Error(filled.problem)
  return filled.words
}

/** What this process was born with for TensorFlow's sake is nothing to anybody else. */
function environmentOf(values: Record<TrainerValue, string>): NodeJS.ProcessEnv {
  const own = new Set([...Object.keys(threadEnvironment(1)), 'NODE_CHANNEL_FD', 'NODE_OPTIONS'])
  const inherited = Object.entries(process.env).filter(
    ([name]) => !own.has(name) && !name.startsWith('ELECTRON_')
  )
  const told = Object.entries(values).map(([name, value]) => [`ASSAY_${name.toUpperCase()}`, value])
  return { ...Object.fromEntries([...inherited, ...told]), OMP_NUM_THREADS: values.threads }
}

/** What the command says of its way, as the run's curve and as progress. */
class Curve {
  readonly #job: TrainJob
  readonly #steps: number
  readonly #told: Told
  readonly #hooks: JobHooks
  readonly #meter = rateMeter()
  #rate = 0
  #loss: number | null = null
  #begun = false
  #log: LineLog | null = null
  #written: Promise<void> = Promise.resolve()

  constructor(job: TrainJob, steps: number, told: Told, hooks: JobHooks) {
    this.#job = job
    this.#steps = steps
    this.#told = told
    this.#hooks = hooks
  }

  add({ step, loss, device, ...rest }: CommandNews): void {
    if (device !== undefined) this.#told.device = device
    if (step === undefined || step > this.#steps) return
    const before = this.#begun ? this.#told.step : step - 1
    // Steps only go on; a call that went back has told its first step so.
    if (step <= before) return
    const { recipe } = this.#job
    this.#rate = this.#meter.add((step - before) * this.#tokensPerStep)
    this.#told.step = step
    this.#loss = loss ?? this.#loss
    const isFirst = !this.#begun
    this.#begun = true
    if (loss === undefined) return
    const point: TracePoint = {
      step,
      tokens: step * this.#tokensPerStep,
      loss,
      learningRate: rest.learningRate ?? learningRateAt(recipe, step - 1, this.#steps),
      ...(rest.gradientNorm === undefined ? {} : { gradientNorm: rest.gradientNorm }),
      tokensPerSecond: Math.round(this.#rate)
    }
    this.#written = this.#written.then(() => this.#write(point, isFirst))
    // What went wrong is told when it is closed.
    this.#written.catch(() => undefined)
  }

  /** Tells how far it is; of a command that says nothing only how long it has run. */
  tell(elapsedMs: number): void {
    const { step } = this.#told
    const total = this.#steps * this.#tokensPerStep
    const done = step * this.#tokensPerStep
    const minutes = Math.floor(elapsedMs / 60_000)
    const time = minutes < 1 ? `${Math.floor(elapsedMs / 1000)} s` : `${minutes} min`
    this.#hooks.onProgress({
      activity: 'train',
      label: this.#job.label,
      done,
      total: this.#begun ? total : null,
      unit: 'tokens',
      rate: this.#begun ? this.#rate : null,
      secondsLeft: this.#begun && this.#rate > 0 ? (total - done) / this.#rate : null,
      detail: this.#loss === null ? `its trainer runs for ${time}` : `loss ${this.#loss.toFixed(3)}`
    })
  }

  async close(): Promise<void> {
    try {
      await this.#written
    } finally {
      await this.#log?.close()
    }
  }

  get #tokensPerStep(): number {
    return this.#job.recipe.batchSize * this.#job.config.contextLength
  }

  async #write(point: TracePoint, isFirst: boolean): Promise<void> {
    const { project, fingerprint } = this.#job
    if (isFirst) await keepTraceUpTo(project, fingerprint, point.step - 1)
    this.#log ??= await LineLog.open(projectPaths.trace(project, fingerprint))
    await this.#log.append([point])
  }
}

async function resultOf(job: TrainJob, { step, device, elapsedMs }: Told): Promise<RunResult> {
  const tokens = step * job.recipe.batchSize * job.config.contextLength
  return {
    finalLoss: await finalLoss(job.project, job.fingerprint),
    elapsedMs,
    tokensPerSecond: (tokens / Math.max(1, elapsedMs)) * 1000,
    backend: 'command',
    device,
    threads: threads(),
    host: hostname()
  }
}

/** @returns null where nothing was told, or nothing whole. @throws WorkbenchError `storage/not-readable` */
async function readTold(path: string): Promise<Told | null> {
  const text = await readText(path).catch((error: unknown) => nullIfAbsent(error, path))
  return ((text === null ? null : jsonValue(text)) ?? null) as Told | null
}

function readLog(path: string): Promise<string> {
  return readText(path).catch(() => '')
}

function noFolder({ label }: TrainJob, folder: string): WorkbenchError {
  return new WorkbenchError(
    'trainer/not-found',
    `The trainer of ${label} cannot be called in ${folder}: there is no such folder. Change trainer.folder of the study.`,
    { run: label, path: folder }
  )
}

function failed(
  { label }: TrainJob,
  { command, setup }: TrainerSettings,
  { log }: Places,
  { status, signal }: CommandEnd,
  said: string
): WorkbenchError {
  const tail = new CommandLog(said).tail()
  const words = `Its last words:\n${tail}\nAll of them are in ${log}.`
  const details = { run: label, command, status, signal, log }
  if (status === 127 || status === 126) {
    const how = status === 127 ? 'was not found' : 'may not be executed'
    const where = setup.length > 0 ? ', after the lines of trainer.setup' : ''
    return new WorkbenchError(
      'trainer/not-found',
      `A program of the trainer of ${label} ${how} on ${hostname()}${where} (exit status ${status}): ${command}. Name it by its whole path. ${words}`,
      details
    )
  }
  const how = signal === null ? `exit status ${status}` : signal
  return new WorkbenchError(
    'trainer/failed',
    `The trainer of ${label} ended with ${how}; expected exit status 0 and a model. What it keeps in its state folder stays for the next try. ${words}`,
    details
  )
}
