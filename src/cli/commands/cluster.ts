/** `assay cluster`: what a project has on a Slurm cluster, and whether it can rely on one. */
import type { Command } from 'commander'
import { cancelElements, checkCluster, clusterScript, confirmCommands } from '#engine'
import { readCluster, readElementLog } from '#engine'
import type { ProjectSession } from '#engine'
import type { ClusterCheck, ClusterElement, ClusterView } from '#shared/clusterView'
import { nodeMemoryWords, resourceWords } from '#shared/nodeWords'
import type { Study } from '#shared/records'
import { textTable } from '../format'
import { EXIT, withProject } from '../session'
import type { CommandContext } from '../session'

interface ClusterFlags {
  study?: string
  trustCommands?: boolean
  json?: boolean
}

/** Adds `cluster` and what is asked of one to the program. */
export function addClusterCommands(program: Command): void {
  const cluster = program
    .command('cluster')
    .description("Look after a project's jobs on a Slurm cluster (docs/executors.md).")
  const add = (name: string, description: string) =>
    cluster
      .command(name)
      .description(description)
      .argument('<project>', 'project folder')
      .option('--study <name>', 'which study (default: the first)')
      .option('--trust-commands', 'confirm that the commands of the study may run, from now on')
      .option('--json', 'print one JSON document')

  add('check', 'Submit one tiny job and say what it finds: folder, rights, clock, version, GPUs.')
    .addHelpText('after', '\nExample:\n  assay cluster check my-study')
    .action((path: string, flags: ClusterFlags) =>
      withStudy(path, flags, async ({ signal, print }, session, study) => {
        const check = await checkCluster(session, study, { signal })
        print(describeCheck(check), check)
        return check.isGood ? EXIT.ok : EXIT.failed
      })
    )
  add('show', 'List the jobs that the project has in the queue, and the nodes.')
    .addHelpText(
      'after',
      '\nExamples:\n  assay cluster show my-study\n  assay cluster show my-study --json'
    )
    .action((path: string, flags: ClusterFlags) =>
      withStudy(path, flags, async ({ print }, session, study) => {
        const view = await readCluster(session, study)
        print(describeCluster(view), view)
        return EXIT.ok
      })
    )
  add('script', 'Print what would be submitted next, and submit nothing.')
    .addHelpText('after', '\nExample:\n  assay cluster script my-study')
    .action((path: string, flags: ClusterFlags) =>
      withStudy(path, flags, async ({ print }, session, study) => {
        const script = await clusterScript(session, study)
        print(`${script.call}\n\n${script.script}`, script)
        return EXIT.ok
      })
    )
  add('cancel', 'Take jobs out of the queue; those that run save their state first.')
    .argument('[element...]', 'as `assay cluster show` names them (default: all)')
    .addHelpText('after', '\nExample:\n  assay cluster cancel my-study')
    .action((path: string, elements: string[], flags: ClusterFlags) =>
      withStudy(path, flags, async ({ print }, session, study) => {
        const ids = elements.length > 0 ? elements : undefined
        const cancelled = await cancelElements(session, study, ids)
        print(`${cancelled} jobs taken out of the queue.`, { cancelled })
        return EXIT.ok
      })
    )
  add('log', 'Print the end of the log of one job.')
    .argument('<element>', 'as `assay cluster show` names it')
    .addHelpText('after', '\nExample:\n  assay cluster log my-study assay-0123456789ab.4')
    .action((path: string, element: string, flags: ClusterFlags) =>
      withStudy(path, flags, async ({ print }, session, study) => {
        const log = await readElementLog(session, study, element)
        print(log.text === '' ? `${log.path} is empty, or not there yet.` : log.text, log)
        return EXIT.ok
      })
    )
}

/** Beside a running study too: nothing here writes records. */
function withStudy(
  path: string,
  flags: ClusterFlags,
  command: (context: CommandContext, session: ProjectSession, study: Study) => Promise<number>
): Promise<void> {
  return withProject(path, { ...flags, readOnly: true }, async (context, session) => {
    const study = session.study(flags.study)
    if (flags.trustCommands) await confirmCommands(session.folder, study)
    return command(context, session, study)
  })
}

function describeCheck({ findings, isGood }: ClusterCheck): string {
  const marks = { good: 'good   ', bad: 'BAD    ', unknown: 'unknown' }
  const lines = findings.map(({ what, state, words }) => `${marks[state]} ${what}: ${words}`)
  const isKnown = findings.every(({ state }) => state === 'good')
  const end = isGood ? (isKnown ? 'The cluster is ready.' : 'Not all is known.') : 'Not ready.'
  return [...lines, end].join('\n')
}

function describeCluster({ elements, nodes, unreachable }: ClusterView): string {
  const rows = elements.map((one) => [
    one.id,
    labelOf(one),
    one.share === null ? one.state : `${one.state} ${Math.floor(one.share * 100)} %`,
    one.queueWords ?? '',
    one.node ?? '',
    one.since ?? '',
    one.log ?? ''
  ])
  const header = ['element', 'what', 'state', 'queue', 'node', 'since', 'log']
  const there = nodes.map((one) => [
    one.name,
    one.partition,
    one.state,
    `${one.cpus.idle} of ${one.cpus.total} free`,
    nodeMemoryWords(one),
    resourceWords(one),
    one.reason ?? ''
  ])
  return [
    ...(unreachable === null ? [] : [`The cluster does not answer: ${unreachable}`, '']),
    rows.length > 0 ? textTable(header, rows) : 'The project has no jobs on the cluster.',
    ...(there.length > 0
      ? [
          '',
          textTable(['node', 'partition', 'state', 'CPUs', 'memory', 'resources', 'why not'], there)
        ]
      : [])
  ].join('\n')
}

function labelOf({ labels }: ClusterElement): string {
  const [first = ''] = labels
  return labels.length > 1 ? `${first} and ${labels.length - 1} more` : first
}
