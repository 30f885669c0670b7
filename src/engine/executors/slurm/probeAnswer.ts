/** What a tiny element looks at on its node, and what its answer means. */
import { z } from 'zod'
import type { ClusterFinding } from '#shared/clusterView'
import { jsonValue } from '#shared/jsonText'
import type { Cluster } from './cluster'
import { calledCommand, scriptStart } from './script'
import { GPUS_IN_SHELL, GPU_ADVICE, namesGpus } from './slurmGpus'
import type { ArrayJob } from './script'

/** File in which the element says what it sees. */
export const ANSWER = 'answer.txt'

/** Exit status of an element that cannot write its answer: EX_CANTCREAT. */
export const NOT_WRITTEN = 73

/** The least that must fit: a quota that is used up lets files be made, and nothing into them. */
const WRITTEN_KIB = 1024

/** Clocks further apart make a mess of records. */
const MOST_SKEW_SECONDS = 60

/** The oldest Node.js that Assay runs on. */
export const OLDEST_NODE = '20.19.0'

/** The script of a run, with another end: it looks around, and writes down what it sees. */
export function probeScript(job: ArrayJob): string {
  const command = calledCommand(job)
  const answer = '"$folder/answer.draft"'
  const space = '.assay-probe'
  return [
    ...scriptStart(job),
    // It asks for little time: a long warning would come at once.
    "trap '' USR2",
    `said=$(${command} --version 2>&1)`,
    'status=$?',
    `[ "$said" = ${job.program.version} ] && report=$(${command} doctor --json 2>&1)`,
    // What `setup` made of the path is the command's business.
    'PATH=$PATH:/usr/bin:/bin',
    // Some storage says only when a file is handed over for good that there was no room for it.
    `refused=$(dd if=/dev/zero of=${space} bs=1024 count=${WRITTEN_KIB} conv=fsync status=none 2>&1) && refused= || refused=\${refused:-it was ended}`,
    `rm -f ${space}`,
    '{',
    '  echo "node $(hostname)"',
    '  echo "time $(date +%s)"',
    '  echo "refused $refused" | tail -n 1',
    '  echo "status $status"',
    // What went wrong stands amid what a program says of where; the version of Node.js at its end.
    '  echo "version $(echo "$said" | grep -m 1 -E "Error|error:|No such|not found|denied" || echo "$said" | tail -n 1)"',
    '  echo "crashed $(echo "$said" | grep -o -m 1 "Node.js v[0-9.]*")"',
    '  echo "doctor $(echo "$report" | tail -n 1)"',
    `  echo "gpus ${GPUS_IN_SHELL}"`,
    '  command -v nvidia-smi >/dev/null && nvidia-smi -L | sed "s/^/gpu /"',
    '  echo end',
    `} > ${answer}`,
    `grep -qx end ${answer} && mv ${answer} "$folder/${ANSWER}" || exit ${NOT_WRITTEN}`,
    ''
  ].join('\n')
}

/** What the node's own doctor says, as far as it matters here. */
const DoctorSchema = z.object({
  node: z.string(),
  canTrain: z.boolean(),
  backends: z.array(
    z.object({
      name: z.string(),
      usable: z.boolean(),
      reason: z.string().nullable(),
      device: z.string().nullable(),
      isGpu: z.boolean()
    })
  ),
  devices: z.array(z.object({ isPretended: z.boolean() }))
})

/**
 * What an answer means, in words.
 *
 * @param submittedAt ms since 1970, by this machine's clock; the answer was read just now
 */
export function findingsOf(
  text: string,
  { program, settings }: Pick<Cluster, 'program' | 'settings'>,
  submittedAt: number
): ClusterFinding[] {
  const said = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]?.trim() ?? ''
  const node = said('node') || 'a node'
  const gpus = [...text.matchAll(/^gpu (.*)$/gm)].map(([, one]) => one)
  const driver =
    gpus.length > 0 ? `GPUs of ${node}: ${gpus.join('; ')}` : `No GPU driver on ${node}`
  const start = {
    node,
    status: Number(said('status')),
    said: said('version'),
    crashed: said('crashed')
  }
  const given = said('gpus') || 'none'
  // What `setup` sets to hide them is no want of them.
  const isMissing =
    settings.gres?.startsWith('gpu') === true && ['none', 'NoDevFiles'].includes(given)
  return [
    { what: 'folder', state: 'good', words: `${node} sees the project.` },
    writeFinding(node, said('refused')),
    clockFinding(node, Number(said('time')), submittedAt),
    versionFinding(start, program.version),
    ...doctorFindings(node, said('doctor'), namesGpus(given)),
    finding(
      'gpus',
      !isMissing,
      `${driver}; given to the element: ${given}.`,
      `${driver}; the element was given none, though \`gres\` asks for one: its settings, or those of the cluster, are wrong.`
    )
  ]
}

function finding(what: string, isGood: boolean, good: string, bad: string): ClusterFinding {
  return { what, state: isGood ? 'good' : 'bad', words: isGood ? good : bad }
}

function writeFinding(node: string, refused: string): ClusterFinding {
  return finding(
    'write',
    refused === '',
    `${node} may write into it.`,
    `${node} sees the project but cannot write into it: "${refused}" Look at its rights, its quota and its free space.`
  )
}

/** Who claims a run is told by what it goes on writing, not by clocks: only records are the worse for them. */
function clockFinding(node: string, seconds: number, submittedAt: number): ClusterFinding {
  const behind = Math.round(submittedAt / 1000 - seconds)
  const ahead = Math.round(seconds - Date.now() / 1000)
  const skew = Math.max(behind, ahead, 0)
  const off = `The clock of ${node} is ${skew} s ${ahead > behind ? 'ahead of' : 'behind'} this machine's`
  return finding(
    'clock',
    skew <= MOST_SKEW_SECONDS,
    skew < 2 ? `Its clock agrees with this machine's.` : `${off}, which nothing minds.`,
    `${off}. Have both set by a time server: times in records are wrong otherwise, and Slurm itself refuses more than some minutes.`
  )
}

/** Exit statuses of a shell for what is not there, and for what is no program. */
const NOT_STARTED = [126, 127]

const SETTINGS = "Set `command`, `setup` or `container` of the study's executor settings so that"

function versionFinding(
  { node, status, said, crashed }: { node: string; status: number; said: string; crashed: string },
  version: string
): ClusterFinding {
  const isGood = status === 0 && said === version
  const found = /v(\d+\.\d+\.\d+)$/.exec(crashed)?.[1]
  const why =
    found !== undefined && isOlder(found, OLDEST_NODE)
      ? ` Node.js ${found} is too old: Assay needs ${OLDEST_NODE} or later there.`
      : NOT_STARTED.includes(status)
        ? ' Node.js and Assay must be there, by the paths that they have here unless the settings say otherwise.'
        : ''
  return finding(
    'version',
    isGood,
    `Assay ${version} starts there.`,
    `Assay ${version} is wanted on ${node}, and the command there says "${said}".${why} ${SETTINGS} it starts the same version.`
  )
}

/** Nothing where the doctor was not asked, since the same version does not start. */
function doctorFindings(node: string, report: string, hasGpu: boolean): ClusterFinding[] {
  if (report === '') return []
  const parsed = DoctorSchema.safeParse(jsonValue(report))
  if (!parsed.success) {
    const words = `Assay starts on ${node}, and fails there as soon as it looks at the machine: "${report}"`
    return [{ what: 'tensors', state: 'bad', words }]
  }
  const { node: version, canTrain, backends, devices } = parsed.data
  const used = backends.find(({ usable }) => usable)
  const isPretended = devices.some((one) => one.isPretended)
  const isIdle = canTrain && used?.isGpu === false && hasGpu && !isPretended
  const reasons = backends.flatMap(({ name, reason }) => (reason ? [`${name}: ${reason}`] : []))
  return [
    finding(
      'node',
      // What this very machine runs on will do there.
      !isOlder(version, OLDEST_NODE) || !isOlder(version, process.versions.node),
      `Node.js ${version} runs it there.`,
      `Node.js ${version} on ${node} is too old: Assay needs ${OLDEST_NODE} or later. ${SETTINGS} a later one runs it.`
    ),
    finding(
      'tensors',
      canTrain && used !== undefined && !isIdle,
      `${used?.name} computes there, on ${used?.device ?? 'its processor'}.`,
      isIdle
        ? `Slurm gives the element a GPU on ${node}, and ${used.name} does not find it: it would compute on the processor, ${used.device}. Runs are refused so, but for those of a trainer of the study's own. ${GPU_ADVICE}`
        : `Assay starts on ${node} but cannot compute there: ${reasons.join('; ') || 'it does not say why'}`
    )
  ]
}

function isOlder(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0
}
