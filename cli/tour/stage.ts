import type { platform } from '#kernel/control/service.ts';
import type { Client } from '../../sdk/index.ts';

/** One credential in the faces that the tour uses. */
export type Faces = {
  readonly id: string;
  readonly bearer: string;
  readonly s3: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly region: string };
  readonly sasl: { readonly username: string; readonly password: string };
  readonly ledger: { readonly cluster: string };
  readonly stripe: { readonly secretKey: string; readonly publishableKey: string };
};

/** What the scenes share: the platform's addresses, the administrator, and who the first scene made. */
export type Stage = {
  /** The data directory. */
  readonly data: string;
  readonly doors: Readonly<Record<string, { readonly url: string }>>;
  readonly facts: Readonly<Record<string, string>>;
  readonly admin: Client<typeof platform>;
  readonly cast: { organization: string; environment: string; owner: Faces | undefined; reader: Faces | undefined };
  readonly startedAt: number;
  scene(title: string): void;
  say(line: string): void;
  /** One thing that happened, with the time since `began`. */
  done(what: string, began: number): void;
  /** Work of known length: called with how much is done. */
  progress(what: string, done: number, of: number): void;
  /** Throws unless `holds`: the tour fails loudly. */
  assert(holds: boolean, what: string): void;
  finish(): void;
};

type Made = Pick<Stage, 'data' | 'doors' | 'facts' | 'admin'> & { readonly output: 'text' | 'json' };

export function openStage({ output, ...made }: Made): Stage {
  const steps: { what: string; ms: number }[] = [];
  const say = (line: string) => (output === 'json' ? undefined : console.log(line));
  return {
    ...made,
    cast: { organization: '', environment: '', owner: undefined, reader: undefined },
    startedAt: Date.now(),
    say,
    scene: (title) => say(`\n${title}`),
    done(what, began) {
      const ms = performance.now() - began;
      steps.push({ what, ms: Math.round(ms) });
      say(`  ${what.padEnd(76)} ${ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`}`);
    },
    progress(what, done, of) {
      if (output === 'text' && process.stdout.isTTY)
        process.stdout.write(`\r  ${what} ${done} of ${of}${done === of ? `\r${' '.repeat(60)}\r` : ''}`);
    },
    assert(holds, what) {
      if (!holds) throw new Error(`The tour failed: ${what}`);
    },
    finish() {
      if (output === 'json') console.log(JSON.stringify({ steps, ms: Date.now() - this.startedAt }));
    },
  };
}
