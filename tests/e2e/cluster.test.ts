import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility'
import { copyBy, newProject, openWindow, show } from '../support/browserWindow'
import { serveProject } from '../support/servedProject'
import { isSlurmMissing, startSlurm, until } from '../support/slurmCluster'
import type { SlurmCluster } from '../support/slurmCluster'

const environment = { ASSAY_CLUSTER_POLL_SECONDS: '1' }

describe.skipIf(isSlurmMissing)('a study on a cluster, in the window', () => {
  let cluster: SlurmCluster
  beforeAll(async () => {
    cluster = await startSlurm()
  })
  afterAll(() => cluster?.stop())

  test('is set, checked, run, looked after, and done', async () => {
    const project = await newProject(60, { sequential: { choose: { kind: 'none' } } })
    const { link } = await serveProject(project, [], environment)
    const { page, complaints } = await openWindow(link)
    await show(page, 'Training')
    expect(await page.getByRole('button', { name: 'Cluster', exact: true }).count()).toBe(0)

    // The form: what is wrong is said at the field, commands are not this browser's to set.
    await page.getByRole('button', { name: 'Edit study' }).click()
    const form = page.getByRole('dialog', { name: 'Study' })
    await form.getByLabel('runs are trained and measured').selectOption('slurm')
    await form.getByText('changing it trains nothing anew').waitFor()
    await form.getByText('a browser does not set them').waitFor()
    expect(await form.getByLabel('lines before the work').isDisabled()).toBe(true)
    await form.getByLabel('asks the queue every').fill('5')
    await form.getByText('expected number to be >=10').waitFor()
    const check = form.getByRole('button', { name: 'Check the cluster' })
    expect(await check.isDisabled()).toBe(true)
    await form.getByLabel('asks the queue every').fill('30')
    await form.getByLabel('partition', { exact: false }).last().fill('main')
    await form.getByLabel('time limit').fill('10')
    await form.getByText('The script that would be submitted').click()
    const script = form.getByRole('region', { name: 'Script that would be submitted' })
    await expect.poll(() => script.innerText()).toContain('--partition=main')
    expect(await script.innerText()).toMatch(/--time=10 .*\n\n#!\/bin\/bash\n/)
    await form.getByText('how many there are is known once the text is prepared').waitFor()
    const copyScript = form.getByRole('button', { name: 'Copy the script' })
    expect(await copyBy(page, copyScript)).toMatch(/^sbatch /)
    await expectAccessible(page, 'form of a cluster')
    await check.click()
    await form.getByText('Assay: Assay').waitFor({ timeout: 60_000 })
    await form.getByText('The cluster is ready.').waitFor()
    await expectAccessible(page, 'findings of a cluster')
    await form.getByRole('button', { name: 'Save the study' }).click()

    // Both nodes are out of use: what is submitted waits, and is told so.
    cluster.call('scontrol', 'update', 'nodename=lab[1-2]', 'state=drain', 'reason=dusting')
    await page.getByRole('button', { name: 'Run study' }).click()
    const seed = page
      .getByRole('grid', { name: 'Runs' })
      .getByRole('row')
      .filter({ hasText: 'seed' })
    await seed
      .filter({ hasText: 'queued' })
      .getByText('waits in the queue')
      .waitFor({ timeout: 60_000 })
    await page.getByText('1 run queued at the cluster').waitFor()

    await page.getByRole('button', { name: 'Cluster', exact: true }).click()
    const sheet = page.getByRole('dialog', { name: 'Cluster of' })
    const nodes = sheet.getByRole('table', { name: 'Nodes of the cluster' })
    await nodes.getByRole('row').filter({ hasText: 'lab1' }).getByText('dusting').waitFor()
    const elements = sheet.getByRole('grid', { name: 'Elements on the cluster' })
    const element = elements.getByRole('row').filter({ hasText: 'train seed' })
    await element.getByText('waits in the queue').waitFor()
    await element.click()
    await sheet.getByText('Nothing was written yet.').waitFor()
    await sheet.getByRole('button', { name: 'Script', exact: true }).click()
    await expect
      .poll(() => sheet.getByRole('region', { name: 'Script that was submitted' }).innerText())
      .toContain('#!/bin/bash')
    await expectAccessible(page, 'queue of a cluster')
    expect(
      await copyBy(page, sheet.getByRole('button', { name: 'Copy the queue as CSV' }))
    ).toMatch(/^element,study,.*\r\nassay-[0-9a-f]{12}\.0,small,train,seed,/)

    // The controller goes away and comes back.
    await cluster.killController()
    await sheet.getByText('The cluster does not answer since').waitFor({ timeout: 60_000 })
    await nodes.getByRole('row').filter({ hasText: 'lab1' }).waitFor()
    await cluster.startController()
    await sheet
      .getByText('The cluster does not answer since')
      .waitFor({ state: 'hidden', timeout: 60_000 })

    // Cancelled, it failed; it is tried again once the nodes are back.
    await sheet.getByRole('button', { name: /^Cancel (1 element|all) …$/ }).click()
    await sheet.getByText('This cannot be undone').waitFor()
    await expectAccessible(page, 'asking before elements are cancelled')
    await sheet.getByRole('button', { name: 'Cancel 1 element', exact: true }).click()
    await sheet.getByText('1 element left the queue').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 60_000 })
    await page.getByRole('alert').getByText('seed').first().waitFor()

    cluster.call('scontrol', 'update', 'nodename=lab[1-2]', 'state=resume')
    await page.getByRole('button', { name: 'Cluster', exact: true }).click()
    await sheet.getByRole('button', { name: 'Retry 1 failed run' }).click()
    await elements.getByRole('row').filter({ hasText: 'runs' }).first().waitFor({ timeout: 60_000 })
    await elements.getByRole('row').filter({ hasText: 'runs' }).first().click()
    await sheet
      .getByRole('region', { name: 'End of the log' })
      .getByText('restart 0')
      .waitFor({ timeout: 60_000 })
    // The first takes the selection back, the second closes the sheet.
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Devices', exact: true }).click()
    const devices = page.getByRole('dialog', { name: 'Devices' })
    const placed = devices.getByRole('table', { name: 'What runs are placed on' })
    await placed.getByText("the engine's machine").waitFor()
    await placed
      .getByRole('row')
      .filter({ hasText: 'lab2' })
      .getByText('cluster, main, spare')
      .waitFor()
    await expectAccessible(page, 'devices near and far')
    await page.keyboard.press('Escape')

    await until(
      'the end',
      async () => (await page.getByText(/(\d+) of \1 runs done/).count()) > 0,
      180_000
    )
    await page.getByRole('button', { name: 'Cluster', exact: true }).click()
    await sheet.getByText('The project has no elements there.').waitFor({ timeout: 30_000 })
    expect(complaints).toEqual([])
  }, 420_000)
})
