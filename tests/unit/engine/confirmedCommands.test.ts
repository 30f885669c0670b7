import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  assertCommandsConfirmed,
  confirmCommands,
  confirmShownCommands,
  readCommands,
  withdrawCommands
} from '#engine/confirmedCommands'
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

test('what was shown is confirmed, and nothing that took its place meanwhile', async () => {
  const { project, file } = await places()
  const shown = { name: 'one', trainer, executor: slurm({ setup: ['a', 'b'], host: 'login' }) }
  const parts = await readCommands(project, shown, file)
  expect(parts.map(({ whose, isConfirmed, lines }) => [whose, isConfirmed, lines])).toEqual([
    ['trainer', false, [{ field: 'command', text: 'python train.py --out {out}' }]],
    [
      'cluster',
      false,
      [
        { field: 'setup', text: 'a' },
        { field: 'setup', text: 'b' },
        { field: 'host', text: 'login' }
      ]
    ]
  ])
  const keys = parts.map(({ key }) => key)
  const changed = { ...shown, executor: slurm({ setup: ['a', 'b; c'], host: 'login' }) }
  const refused = { code: 'study/unconfirmed' }
  for (const [study, given] of [
    [changed, keys],
    [shown, keys.slice(1)],
    [shown, [...keys, 'another']],
    [shown, []],
    [{ name: 'one' }, keys]
  ] as const) {
    await expect(confirmShownCommands(project, study, given, file)).rejects.toMatchObject(refused)
    await expect(assertCommandsConfirmed(project, shown, file)).rejects.toMatchObject(refused)
  }
  await confirmShownCommands(project, shown, keys, file)
  await assertCommandsConfirmed(project, shown, file)
  await expect(assertCommandsConfirmed(project, changed, file)).rejects.toMatchObject(refused)
  const after = await readCommands(project, changed, file)
  expect(after.map(({ isConfirmed }) => isConfirmed)).toEqual([true, false])
  await confirmShownCommands(project, changed, [after[1]!.key], file)
  expect(await readCommands(project, { name: 'one' }, file)).toEqual([])
})

test('what is withdrawn runs no more, in this study and others that say the same; the rest stays', async () => {
  const { project, file } = await places()
  const one = { name: 'one', trainer, executor: slurm({ setup: ['true'] }) }
  const other = { name: 'other', trainer: TrainerSchema.parse({ command: 'other {out}' }) }
  expect(await withdrawCommands(project, one, file)).toBe(0)
  await confirmCommands(project, one, file)
  await confirmCommands(project, other, file)
  expect(await withdrawCommands(project, { name: 'two', trainer }, file)).toBe(1)
  expect((await readCommands(project, one, file)).map((part) => part.isConfirmed)).toEqual([
    false,
    true
  ])
  await assertCommandsConfirmed(project, other, file)
  await confirmCommands(project, one, file)
  await assertCommandsConfirmed(project, one, file)
})

test('a refusal hides no character of what would be run', async () => {
  const { project, file } = await places()
  const executor = slurm({ setup: ['true \u202E\u200Bx \u001B[2K'] })
  const asked = assertCommandsConfirmed(project, { name: 'one', executor }, file)
  await expect(asked).rejects.toThrow('cluster, setup: true ⟨U+202E⟩⟨U+200B⟩x ⟨U+001B⟩[2K')
})

test('a damaged file confirms nothing, and is written anew', async () => {
  const { project, file } = await places()
  await confirmCommands(project, { name: 'one', trainer }, file)
  await writeFile(file, '{"version":1,"confirmed":[')
  await expect(assertCommandsConfirmed(project, { name: 'one', trainer }, file)).rejects.toThrow()
  await confirmCommands(project, { name: 'one', trainer }, file)
  await assertCommandsConfirmed(project, { name: 'one', trainer }, file)
})
