/** What this machine can do, measured when asked for and kept until it is measured again. */
import type { Devices } from '#shared/machine'
import { WorkbenchError } from '#shared/errors'
import { examineMachine } from './doctor'
import type { Engine } from './engine'
import { findVerification } from './verifiedDevices'

/** The newest report of one process. */
export class DeviceReports {
  readonly #engine: Pick<Engine, 'probeBackends' | 'devices' | 'takeBackDevices'>
  readonly #versions: Record<string, string>
  #latest: Promise<Devices> | null = null

  /** @param versions of packages, by name */
  constructor(
    engine: Pick<Engine, 'probeBackends' | 'devices' | 'takeBackDevices'>,
    versions: Record<string, string>
  ) {
    this.#engine = engine
    this.#versions = versions
  }

  /**
   * The newest report; measures where there is none, or where it is asked again.
   *
   * @param folder whose disk is described
   * @param busy the project in which something goes on, if any
   * @throws WorkbenchError `study/running`: workers are busy, and what they measured beside training
   *   would be wrong
   */
  async read(folder: string, again: boolean, busy: string | null): Promise<Devices> {
    if (this.#latest && !again) return this.#latest
    if (busy !== null) {
      throw new WorkbenchError(
        'study/running',
        `Devices are measured by the workers, and those are busy in the project ${busy}. Stop what goes on there, or wait for it, and measure then.`,
        { project: busy }
      )
    }
    // Whoever asks again has looked after what failed.
    if (again) this.#engine.takeBackDevices()
    const latest = this.#measure(folder)
    this.#latest = latest
    // What failed is measured again the next time.
    latest.catch(() => {
      if (this.#latest === latest) this.#latest = null
    })
    return latest
  }

  async #measure(folder: string): Promise<Devices> {
    const report = await examineMachine({
      folder,
      versions: this.#versions,
      probeBackends: () => this.#engine.probeBackends(),
      readDevices: () => this.#engine.devices()
    })
    const used = report.backends.find((backend) => backend.usable)
    const found = used ? await findVerification(used) : null
    const verification = found && {
      device: found.device,
      checkedAt: found.checkedAt,
      passed: found.passed,
      failedChecks: found.failedChecks
    }
    return { measuredAt: new Date().toISOString(), ...report, verification }
  }
}
