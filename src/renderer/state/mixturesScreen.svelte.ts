/** What the Mixtures screen keeps while other screens are looked at. */
import type { EngineState } from './engineState.svelte'
import { MatrixState } from './matrixState.svelte'
import { MixtureActions } from './mixtureActions.svelte'
import { MixtureBuild } from './mixtureBuild.svelte'
import type { Selection } from './selection.svelte'

export interface MixturesScreen {
  view: MatrixState
  actions: MixtureActions
  build: MixtureBuild
}

const kept = new WeakMap<EngineState, MixturesScreen>()

/** The screen's state, one per engine. */
export function mixturesScreen(engine: EngineState, selection: Selection): MixturesScreen {
  const before = kept.get(engine)
  if (before) return before
  let made: MixturesScreen | null = null
  // Of no component: what is derived must live on when the screen that asked first is gone.
  $effect.root(() => {
    made = {
      view: new MatrixState(() => engine.matrix, selection),
      actions: new MixtureActions(engine),
      build: new MixtureBuild(engine, selection)
    }
  })
  kept.set(engine, made!)
  return made!
}
