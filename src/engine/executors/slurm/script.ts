/** What is submitted: the call of sbatch, and the script that each element of an array runs. */
import type { SlurmSettings } from '#shared/executors'
import { setsOption } from '#shared/sbatchOptions'
import { quoted } from './quoted'

/** How this program is called on another machine that sees its files. */
export interface Program {
  /** The command line's entry, and the version it is. */
  entry: string
  version: string
}

/** An array job, before it has a number. */
export interface ArrayJob {
  key: string
  study: string
  /** The project's folder as the nodes see it. */
  project: string
  /** The submission's folder as the nodes see it. */
  folder: string
  elements: number
  /** Elements of it that run at once, at most. */
  atOnce: number
  settings: SlurmSettings
  program: Program
  /** The study's own trainer may take so long to save its state, s. */
  graceSeconds?: number | undefined
}

/** File of a submission's folder: a line of fingerprints for each element. */
export const ELEMENTS_FILE = 'elements.txt'

/** File of a submission's folder: the number of its array, once that is known. */
export const ARRAY_FILE = 'array.txt'

/** Exit status of an element that does not see what it should: EX_NOINPUT. */
export const NOT_SEEN = 66

/** Exit status where another process trains the run: EX_UNAVAILABLE. Whoever asked for it looks again. */
export const CLAIMED = 69

/** Exit status of an element that should begin again and could not put itself back: EX_TEMPFAIL. */
export const TRY_AGAIN = 75

/** Seconds before the time limit at which an element is told to save and leave, at least; it may be 30 more. */
const WARNING_SECONDS = 60

/** A trainer that saved its state leaves Assay so long to write down how far it came, s. */
const SPARE_SECONDS = 30

/** Name of the variable that says in which folder of the submit host Slurm's programs are. */
export const CLIENTS_VARIABLE = 'SLURM_ASSAY_CLIENTS'

/** The environment of a login may lack Slurm's programs, where whoever submitted had them from a module. */
const FIND_CLIENTS = `command -v scontrol >/dev/null || { [[ $${CLIENTS_VARIABLE} == /* && -x $${CLIENTS_VARIABLE}/scontrol ]] && export PATH="$PATH:$${CLIENTS_VARIABLE}"; }`

/** Where the log of an element lies, in the words of `sbatch`. */
export const logPattern = (folder: string): string => `${folder}/%A_%a.log`

/**
 * Arguments of `sbatch`; the script goes to its standard input. They win over the lines of the script, and over
 * variables of the submit host.
 */
export function submitArguments(job: ArrayJob): string[] {
  const { key, study, elements, atOnce, folder, settings } = job
  const { partition, account, qos, timeMinutes, memoryMegabytes, gres, options } = settings
  const option = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [`--${name}=${value}`]
  return [
    '--parsable',
    ...option('job-name', key),
    ...(setsOption(options, 'comment') ? [] : option('comment', `Assay: ${study}`)),
    ...option('array', `0-${elements - 1}%${atOnce}`),
    ...option('output', logPattern(folder)),
    ...option('partition', partition),
    ...option('account', account),
    ...option('qos', qos),
    ...option('time', timeMinutes),
    ...option('mem', memoryMegabytes === undefined ? undefined : `${memoryMegabytes}M`),
    ...option('gres', gres),
    // What this shell has set is not the nodes' business: they give the environment of a login there. `NIL` is a
    // word of Slurm 23.02 and later only, and would leave them none.
    ...(setsOption(options, 'export') ? [] : ['--export=NONE']),
    '--open-mode=append'
  ]
}

/** Options that a study's own lines may change: of two lines that set the same `sbatch` takes the later one. */
function changeableOptions({ settings, graceSeconds = 0 }: ArrayJob): string[] {
  const { options, cpus } = settings
  const warning = Math.max(WARNING_SECONDS, graceSeconds + SPARE_SECONDS)
  // Who says how many nodes says by that how many tasks; some options `sbatch` takes only without these.
  const saysTasks = setsOption(options, 'nodes', ...TASK_OPTIONS)
  return [
    '--nodes=1',
    ...(saysTasks ? [] : ['--ntasks=1']),
    ...(setsOption(options, 'cpus-per-gpu') ? [] : [`--cpus-per-task=${cpus}`]),
    '--requeue',
    `--signal=B:USR2@${warning}`
  ]
}

const TASK_OPTIONS = ['', '-per-node', '-per-core', '-per-socket', '-per-gpu'].map(
  (what) => `ntasks${what}`
)

/** The call of `sbatch` as one would type it. */
export function typedCall(args: readonly string[]): string {
  return ['sbatch', ...args].map(quoted).join(' ')
}

/**
 * The script of every element.
 *
 * While the lines of `setup` run, the shell answers the warning; then the command takes its place, so that it gets
 * the signal itself. In a container it may lack Slurm's programs: there the shell stays, to put the element back.
 */
export function elementScript(job: ArrayJob): string {
  const { study, project, settings, program } = job
  const call = [
    calledCommand(job),
    'run-one',
    quoted(project),
    '$runs',
    quoted(`--study=${study}`),
    `--assay=${program.version}`,
    // They were confirmed where it was submitted.
    '--trust-commands',
    `--threads=${settings.cpus}`
  ].join(' ')
  const end = settings.container === undefined ? [`exec ${call}`] : watchedCall(call)
  return [...scriptStart(job), ...end, ''].join('\n')
}

/** Puts this element back into its queue: by its place in the array, whose own number is all of them. */
const REQUEUE = 'scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"'

/**
 * Calls a command, hands on to it what the shell is told, and ends as it does.
 *
 * A wait ends early where the shell is told something: then it waits again. That a status is asked for twice does
 * no harm: 127 says that it was told before, or that there is no such command, which is then told at the first.
 */
function watchedCall(call: string): string[] {
  return [
    `${call} &`,
    'child=$!',
    ...['USR2', 'TERM'].map(
      (name) => `trap 'told=yes; kill -${name} "$child" 2>/dev/null' ${name}`
    ),
    'status=127 told=yes',
    'while [ -n "$told" ]; do',
    '  told=',
    '  wait "$child"; ended=$?',
    '  [ "$ended" = 127 ] || status=$ended',
    'done',
    'trap - USR2 TERM',
    `[ "$status" = ${TRY_AGAIN} ] && ${REQUEUE} && exit 0`,
    // What a signal ended is told as that; 130 is Assay's own word for what was interrupted.
    '[ "$status" -gt 128 ] && [ "$status" != 130 ] && kill -$((status - 128)) $$',
    'exit "$status"'
  ]
}

/** What stands before the arguments of Assay, as a shell reads it. */
export function calledCommand({ settings, program }: ArrayJob): string {
  const { container, command = ownCommand(program) } = settings
  return container === undefined ? command : `${container} ${command}`
}

/**
 * Lines up to the command. A folder that is not there would be no error to Slurm, which runs the script elsewhere: so
 * it looks itself.
 */
export function scriptStart(job: ArrayJob): string[] {
  const { project, folder, settings } = job
  const { options, setup } = settings
  const unseen = `does not see ${project}. The project must lie on storage that every node shares.`
  return [
    '#!/bin/bash',
    ...[...changeableOptions(job), ...options].map((option) => `#SBATCH ${option}`),
    // Steps that a trainer starts by `srun` would else be given as little as this script was.
    'export SLURM_EXPORT_ENV=ALL',
    FIND_CLIENTS,
    `folder=${quoted(folder)}`,
    `if ! cd ${quoted(project)} || [ "$PWD" != ${quoted(project)} ] || [ ! -r "$folder/${ELEMENTS_FILE}" ]; then`,
    `  echo "Assay: $(hostname)" ${quoted(unseen)} >&2`,
    `  exit ${NOT_SEEN}`,
    'fi',
    // A controller that answered too late may have heard a submission twice.
    `array=$(cat "$folder/${ARRAY_FILE}" 2>/dev/null)`,
    'if [ "${array:-$SLURM_ARRAY_JOB_ID}" != "$SLURM_ARRAY_JOB_ID" ]; then',
    '  echo "Assay: this was submitted twice; array $array does the work, and array $SLURM_ARRAY_JOB_ID leaves"',
    '  exit 0',
    'fi',
    `runs=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$folder/${ELEMENTS_FILE}")`,
    `trap '${REQUEUE}; exit 0' USR2`,
    `echo "Assay: $(date -u +%FT%TZ) $(hostname), restart \${SLURM_RESTART_COUNT:-0}"`,
    ...setup,
    ...(isElectron ? ['export ELECTRON_RUN_AS_NODE=1'] : [])
  ]
}

/** The desktop's program is a Node where it is asked to be one. */
const isElectron = process.versions['electron'] !== undefined

function ownCommand({ entry }: Program): string {
  return `${quoted(process.execPath)} ${quoted(entry)}`
}
