/** How long a partition lets a job run. */
import type { ClusterFinding } from '#shared/clusterView'
import type { SlurmSettings } from '#shared/executors'
import { callClient } from './clients'

/**
 * What is wrong with the time that elements ask for: Slurm may take a job that its partition never lets start.
 *
 * @returns nothing where nothing is, or nobody answers
 */
export async function timeFindings(settings: SlurmSettings): Promise<ClusterFinding[]> {
  const { partition, timeMinutes } = settings
  const asked = partition === undefined ? [] : ['-p', partition]
  const { status, stdout } = await callClient(settings, 'sinfo', ['-h', ...asked, '-o', '%P|%l'])
  if (status !== 0) return []
  const lines = stdout.split('\n').map((line) => line.split('|'))
  const own = lines.find(([name = '']) => name === partition || name.endsWith('*'))
  const most = minutesOf(own?.[1] ?? '')
  if (most === null || timeMinutes <= most) return []
  const name = own![0]!.replace(/\*$/, '')
  const words = `Elements ask for ${timeMinutes} min (\`timeMinutes\`), and the partition ${name} lets a job run ${most} min: they would never start. Ask for no more; a run that needs longer goes on in another element.`
  return [{ what: 'time', state: 'bad', words }]
}

/**
 * A time as Slurm writes it: `DAYS-HH:MM:SS`, with what is 0 left out in front, seconds never.
 *
 * @returns whole minutes; null for no limit
 */
export function minutesOf(time: string): number | null {
  const [, days = '0', hours = '0', minutes, seconds] =
    /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)$/.exec(time) ?? []
  if (minutes === undefined) return null
  const whole = (Number(days) * 24 + Number(hours)) * 60 + Number(minutes)
  return whole + Math.floor(Number(seconds) / 60)
}
