import type { Portal } from './portal.ts';

/**
 * The portals of a connection by their names. The one without a name, which comes and goes with each statement, has a place of its
 * own: V8 keeps what was taken out of a `Map` for as long as tables that it outgrew lie in old memory.
 */
export class Portals {
  #unnamed: Portal | undefined;
  readonly #named = new Map<string, Portal>();

  get size(): number {
    return this.#named.size + Number(this.#unnamed !== undefined);
  }

  get(name: string): Portal | undefined {
    return name === '' ? this.#unnamed : this.#named.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, portal: Portal): void {
    if (name === '') this.#unnamed = portal;
    else this.#named.set(name, portal);
  }

  delete(name: string): void {
    if (name === '') this.#unnamed = undefined;
    else this.#named.delete(name);
  }

  /** The names of those that have one. */
  get named(): readonly string[] {
    return this.#named.size === 0 ? [] : [...this.#named.keys()];
  }

  async close(): Promise<void> {
    await this.#unnamed?.close();
    for (const portal of this.#named.values()) await portal.close();
  }
}
