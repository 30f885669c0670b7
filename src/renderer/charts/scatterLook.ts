/** How scatter plots are drawn: what the user switched, the same in every panel. */
import type { AxesChoice } from './scatterAxes'

/** Axes and colours of scatter plots. */
export interface ScatterLook {
  axes: AxesChoice
  /** Both axes from the same lowest to the same highest value. */
  isEqual: boolean
  /** With one proxy; several are told apart by their own colours. */
  colouring: 'kind' | 'size'
}
