/** `assay doctor`: what this machine can do, and what is missing. */
import type { Command } from 'commander'
import { examineMachine, findVerification, keepVerification } from '#engine'
import type { BackendReport, DeviceCheck, MachineReport, Verification } from '#engine'
import { dependencies, version } from '../../../package.json'
import { deviceLines } from '../deviceLines'
import { formatBytes, formatNumber } from '../format'
import { EXIT, withEngine } from '../session'

/** Adds `doctor` to the program. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Say what this machine can do, and measure how fast; exit 1 when it cannot train.')
    .option('--verify', 'run the conformance suite on the device and keep the result')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExamples:\n  assay doctor\n  assay doctor --verify')
    .action(async (flags: { verify?: boolean; json?: boolean }) => {
      await withEngine(flags, async ({ engine, print }) => {
        const report = await examineMachine({
          folder: process.cwd(),
          versions: { assay: version, ...dependencies },
          probeBackends: () => engine.probeBackends(),
          readDevices: () => engine.devices()
        })
        const used = report.backends.find((backend) => backend.usable)
        let checks: DeviceCheck[] | null = null
        if (used && flags.verify) {
          checks = await engine.verifyDevice()
          await keepVerification(used, checks)
        }
        const verification = used ? await findVerification(used) : null
        print(doctorText(report, verification, checks), { ...report, verification, checks })
        return report.canTrain && checks?.some((check) => !check.passed) !== true
          ? EXIT.ok
          : EXIT.failed
      })
    })
}

/** The report as text for people. */
function doctorText(
  report: MachineReport,
  verification: Verification | null,
  checks: DeviceCheck[] | null
): string {
  const { memory, disk, processor } = report
  const total = disk.totalBytes === null ? '' : ` of ${formatBytes(disk.totalBytes)}`
  const gpus = report.gpus.map(
    (gpu) =>
      `${gpu.name}, ${gpu.memoryBytes === null ? 'memory unknown' : formatBytes(gpu.memoryBytes)}, driver ${gpu.driver}`
  )
  const rows: [string, string][] = [
    ['Node', `${report.node} on ${report.system}`],
    ['Processor', `${processor.model}, ${processor.threads} threads`],
    [
      'Memory',
      `${formatBytes(memory.availableBytes)} of ${formatBytes(memory.totalBytes)} available`
    ],
    ['Disk', `${formatBytes(disk.freeBytes)}${total} free under ${disk.folder}`],
    ...(gpus.length > 0 ? gpus : [`none: ${report.noGpuReason}`]).map((text): [string, string] => [
      'GPU',
      text
    ]),
    ...deviceLines(report.devices).map((text): [string, string] => ['Device', text]),
    ...report.backends.map((backend): [string, string] => ['Backend', backendText(backend)]),
    ['Verified', verificationText(verification)],
    ...(checks ?? []).map((check): [string, string] => [
      check.passed ? '  passed' : '  FAILED',
      `${check.check}: ${check.detail}`
    ]),
    ['Versions', versionsText(report.versions)]
  ]
  if (report.probeFailure !== null) rows.push(['Backend', report.probeFailure])
  // A reason may have several lines: they stay in its column.
  const lines = rows.map(
    ([title, text]) => `${title.padEnd(10)} ${text.replaceAll('\n', `\n${' '.repeat(11)}`)}`
  )
  if (!report.canTrain) {
    lines.push('', 'Nothing on this machine can train. The lines "Backend" say why.')
  }
  return lines.join('\n')
}

function backendText(backend: BackendReport): string {
  if (!backend.usable) return `${backend.name}: not usable: ${backend.reason}`
  return `${backend.name}: usable, on ${backend.device}, ${formatNumber(backend.gflops, 0)} GFLOP/s in float32 matrix products (measured)`
}

function verificationText(verification: Verification | null): string {
  if (!verification) return 'device not verified; assay doctor --verify runs the conformance suite'
  const day = verification.checkedAt.slice(0, 10)
  return verification.passed
    ? `${verification.device} passed the conformance suite on ${day}`
    : `${verification.device} FAILED on ${day}: ${verification.failedChecks.join(', ')}`
}

function versionsText(versions: Record<string, string>): string {
  return Object.entries(versions)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
