import assert from 'node:assert/strict';
import { checksMax } from './limits.ts';

/** Looks at one thing the process needs: undefined when it is well, else a sentence without secrets. Must be quick. */
export type Check = () => string | undefined;

export type HealthState = {
  readonly status: 'ready' | 'draining' | 'failing';
  readonly checks: Readonly<Record<string, string>>;
};

/** The health of one process: named checks, and whether it is shutting down. */
export class Health {
  readonly #checks = new Map<string, Check>();
  #draining = false;

  /** Adds a named check; returns how to take it away. */
  check(name: string, check: Check): () => void {
    assert.ok(!this.#checks.has(name), `the check ${name} exists already`);
    assert.ok(this.#checks.size < checksMax, 'too many checks');
    this.#checks.set(name, check);
    return () => this.#checks.delete(name);
  }

  drain(): void {
    this.#draining = true;
  }

  /** The state now, each check as `ok` or its sentence. Draining tells more than failing, since what is closing down fails. */
  state(): HealthState {
    const results = [...this.#checks].map(([name, check]): [string, string] => [name, run(check) ?? 'ok']);
    const failing = results.some(([, result]) => result !== 'ok');
    return { status: this.#draining ? 'draining' : failing ? 'failing' : 'ready', checks: Object.fromEntries(results) };
  }
}

function run(check: Check): string | undefined {
  try {
    return check();
  } catch {
    return 'The check itself failed.';
  }
}
