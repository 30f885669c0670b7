import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertCommandsConfirmed, confirmCommands } from '#engine/confirmedCommands'
import { SlurmExecutorSchema } from '#shared/executors'
import { TrainerSchema } from '#shared/trainer'
import { temporaryFolder } from '../../support/temporaryFolder'

const trainer = TrainerSchema.parse({ command: 'python train.py --out {out}' })
const slurm = (settings: object) => SlurmExecutorSchema.parse({ kind: 'slurm', ...settings })

async function places(): Promise<{ project: string; file: string }> {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'project'))
  return { project: join(folder, 'project'), file: join(folder, 'user', 'confirmed.json') }
}

test('a cluster that is only named runs nothing of the study’s; what it has it run is asked about', async () => {
  const { project, file } = await places()
  const study = { name: 'one', executor: slurm({ partition: 'gpu', gres: 'gpu:1' }) }
  await assertCommandsConfirmed(project, study, file)
  for (const [field, value] of Object.entries({
    setup: ['module load cuda'],
    options: ['--output=/etc/passwd'],
    container: 'apptainer exec image.sif',
    command: 'curl example.org',
    host: 'login',
    folder: '/elsewhere'
  })) {
    const commanding = { name: 'one', executor: slurm({ [field]: value }) }
    const line = Array.isArray(value) ? value[0]! : value
    await expect(assertCommandsConfirmed(project, commanding, file)).rejects.toMatchObject({
      code: 'study/unconfirmed',
      details: { study: 'one', project, commands: [`cluster, ${field}: ${line}`] }
    })
    await confirmCommands(project, commanding, file)
    await assertCommandsConfirmed(project, commanding, file)
  }
})

test('trainer and cluster are confirmed each by itself, for one place, as they stand', async () => {
  const { project, file } = await places()
  const both = { name: 'one', trainer, executor: slurm({ setup: ['true'] }) }
  await confirmCommands(project, both, file)
  await assertCommandsConfirmed(project, both, file)
  await assertCommandsConfirmed(project, { name: 'two', trainer }, file)
  const changed = { ...both, executor: slurm({ setup: ['true', 'false'] }) }
  await expect(assertCommandsConfirmed(project, changed, file)).rejects.toMatchObject({
    details: { commands: ['cluster, setup: true', 'cluster, setup: false'] }
  })
  await rename(project, `${project}-moved`)
  await expect(assertCommandsConfirmed(`${project}-moved`, both, file)).rejects.toThrow(
    'python train.py'
  )
})

test('a damaged file confirms nothing, and is written anew', async () => {
  const { project, file } = await places()
  await confirmCommands(project, { name: 'one', trainer }, file)
  await writeFile(file, '{"version":1,"confirmed":[')
  await expect(assertCommandsConfirmed(project, { name: 'one', trainer }, file)).rejects.toThrow()
  await confirmCommands(project, { name: 'one', trainer }, file)
  await assertCommandsConfirmed(project, { name: 'one', trainer }, file)
})
