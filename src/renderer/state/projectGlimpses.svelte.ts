/** Glimpses of the listed projects, asked for one after another once the list is there. */
import type { EngineApi } from '#shared/contract'
import type { ProjectGlimpse, ShelvedProject } from '#shared/deskView'

export class ProjectGlimpses {
  /** By id of the project; those not read yet, or not to be read, are absent. */
  byId = $state.raw<Readonly<Record<string, ProjectGlimpse>>>({})
  /** When the records were changed of which the glimpse is, by id. */
  readonly #changedAt: Record<string, number> = {}
  /** Counts lists: an older one is not read to its end. */
  #turn = 0

  /** Reads what is new in a list; a project that cannot be read says so when it is opened. */
  async read(api: Pick<EngineApi, 'readGlimpse'>, projects: readonly ShelvedProject[]) {
    const turn = (this.#turn += 1)
    for (const { id, changedAt, problem, partitions } of projects) {
      if (problem !== null || partitions === 0 || changedAt === null) continue
      if (this.#changedAt[id] === changedAt) continue
      const glimpse = await api.readGlimpse({ id }).catch(() => null)
      if (turn !== this.#turn) return
      if (glimpse === null) continue
      this.#changedAt[id] = changedAt
      this.byId = { ...this.byId, [id]: glimpse }
    }
  }
}
