/** A workbench over an empty folder of projects, with screens that speak to it over a pipe. */
import { onTestFinished } from 'vitest'
import { FolderShelf, Workbench } from '#engine'
import type { Engine } from '#engine'
import type { EngineApi } from '#shared/contract'
import { connect, serve } from '#shared/port'
import { pipePair } from './pipePair'
import { temporaryFolder } from './temporaryFolder'

/** Closed with the test; `sit` gives one more screen's api. */
export async function deskBench(
  engine: Engine
): Promise<{ folder: string; workbench: Workbench; sit: () => EngineApi }> {
  const folder = await temporaryFolder()
  const workbench = new Workbench(engine, new FolderShelf(folder))
  onTestFinished(() => workbench.close())
  const sit = (): EngineApi => {
    const { near, far } = pipePair()
    serve(workbench.desk().api(), near)
    return connect(far)
  }
  return { folder, workbench, sit }
}
