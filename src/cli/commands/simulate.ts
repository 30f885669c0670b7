/** `assay simulate`: a campaign on machines that nobody has, played in virtual time. */
import type { Command } from 'commander'
import { inventedCampaign, simulateCampaign } from '#engine'
import type { Campaign, PretendedCluster, StudyPlan } from '#engine'
import { WorkbenchError } from '#shared/errors'
import { oneNumber, wholeNumber } from '../flags'
import { formatFlops, formatNumber, formatSeconds, textTable } from '../format'
import { EXIT, withEngine } from '../session'

interface SimulateFlags {
  nodes: string
  gpus: string
  runs: string
  study?: string
  failures: string
  slowNodes?: string
  slowdown: string
  tail: string
  flops: string
  randomSeed: string
  json?: boolean
}

/** Adds `simulate` to the program. */
export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description(
      'Play a campaign on a pretended cluster: the real plan and queue, pretended durations.'
    )
    .argument('[project]', 'project whose study is played (default: an invented inventory)')
    .option('--study <name>', 'which study (default: the first)')
    .option('--nodes <n>', 'nodes of the cluster', '1')
    .option('--gpus <n>', 'GPUs of a node, each training one run', '8')
    .option('--runs <n>', 'runs of the invented study', '10k')
    .option('--failures <share>', 'tries that fail: 2%, or 0.02', '2%')
    .option('--slow-nodes <n>', 'nodes that are slow (default: one of several)')
    .option('--slowdown <n>', 'how many times as long these take', '2')
    .option('--tail <n>', "standard deviation of durations' logarithms", '0.5')
    .option('--flops <n>', 'FLOPs that a GPU does in a second, assumed', '1e14')
    .option('--random-seed <n>', 'another seed, another course', '1')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay simulate --nodes 64 --gpus 8 --runs 100k\n  assay simulate my-study --gpus 4 --json'
    )
    .action(async (path: string | undefined, flags: SimulateFlags) => {
      const nodes = wholeNumber(flags.nodes, '--nodes')
      const cluster: PretendedCluster = {
        nodes,
        gpusPerNode: wholeNumber(flags.gpus, '--gpus'),
        slowNodes: wholeNumber(flags.slowNodes ?? (nodes > 1 ? '1' : '0'), '--slow-nodes'),
        slowdown: oneNumber(flags.slowdown, '--slowdown'),
        flopsPerSecond: oneNumber(flags.flops, '--flops'),
        tail: oneNumber(flags.tail, '--tail'),
        failures: shareFrom(flags.failures),
        randomSeed: wholeNumber(flags.randomSeed, '--random-seed')
      }
      const runs = wholeNumber(flags.runs, '--runs')
      await withEngine(flags, async ({ engine, signal, print }) => {
        const planOf = async (project: string): Promise<Planned> => {
          const session = await engine.openProject(project, { readOnly: true })
          try {
            const { plan } = await session.foresee(session.study(flags.study))
            return { plan, planningMs: null }
          } finally {
            await session.close()
          }
        }
        const { plan, planningMs } =
          path === undefined ? inventedCampaign(runs) : await planOf(path)
        const campaign = await simulateCampaign(plan, cluster, signal)
        print(describeCampaign(campaign, plan, planningMs), { ...campaign, planningMs })
        return EXIT.ok
      })
    })
}

interface Planned {
  plan: StudyPlan
  planningMs: number | null
}

function shareFrom(text: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  if (digits !== undefined) return Number(digits) / (percent === '%' ? 100 : 1)
  throw new WorkbenchError(
    'usage/invalid',
    `--failures wants a share such as 2% or 0.02, found "${text}".`,
    { flag: '--failures', found: text }
  )
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

function describeCampaign(campaign: Campaign, plan: StudyPlan, planningMs: number | null): string {
  const { cluster, slots, runs, trained, failed, triedAgain, phases, bound } = campaign
  const { nodes, gpusPerNode, slowNodes, slowdown, flopsPerSecond, tail, failures } = cluster
  const slow = slowNodes > 0 ? `, ${slowNodes} of the nodes ${slowdown} times as slow` : ''
  const rows = phases.map((phase) => [
    phase.what,
    String(phase.runs),
    formatSeconds(phase.began),
    formatSeconds(phase.ended),
    percent(phase.utilisation)
  ])
  const perRun = (campaign.schedulingMs * 1000) / Math.max(1, runs)
  return [
    `Pretended: no run was trained. ${nodes} × ${gpusPerNode} GPUs of ${formatFlops(flopsPerSecond)}/s each, which is assumed${slow}; ` +
      `durations spread by ${tail} (log-normal), ${percent(failures)} of tries fail and go on from a resume point, one every five minutes.`,
    '',
    textTable(['phase', 'runs', 'begins', 'ends', 'utilisation'], rows),
    '',
    `Runs         ${trained} of ${runs} trained, ${triedAgain} tries done again, ${failed} runs given up; ${plan.mixtures.length} mixtures`,
    `Utilisation  ${percent(campaign.utilisation)} of ${slots} GPUs`,
    `Makespan     ${formatSeconds(campaign.makespan)}`,
    `Bound        ${formatSeconds(bound.seconds)}: seed and all other work ÷ all GPUs ${formatSeconds(bound.work)}, seed and longest run ${formatSeconds(bound.criticalPath)}`,
    `             makespan ÷ bound ${formatNumber(campaign.overBound)}`,
    `Measured     ${planningMs === null ? '' : `planning ${formatSeconds(planningMs / 1000)}, `}scheduling ${formatNumber(perRun, 1)} µs a run on this machine`
  ].join('\n')
}
