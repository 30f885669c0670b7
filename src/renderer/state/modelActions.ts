/** What can be done with the selected models, for the palette. */
import type { Action } from './actions'
import type { ModelsScreen } from './modelsScreen.svelte'

/** Actions on the models that are selected on their screen, which they show. */
export function modelActions(
  models: ModelsScreen,
  frame: { show: () => void; open: (sheet: 'merge' | 'export') => void }
): Action[] {
  return [
    {
      id: 'inspect-models',
      name: 'Inspect the selected models',
      blocked: models.whyNotInspected,
      run: () => {
        frame.show()
        void models.inspect()
      }
    },
    {
      id: 'merge-models',
      name: 'Merge the selected models …',
      blocked: models.whyNotMerged,
      run: () => frame.open('merge')
    },
    {
      id: 'export-models',
      name: 'Export the selected models …',
      blocked: models.whyNotExported,
      run: () => frame.open('export')
    }
  ]
}
