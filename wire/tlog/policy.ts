import { type Note, type NoteVerifier, parseVerifier, signatureKind, verifyNote } from './note.ts';
import { policyNamesMax } from './limits.ts';

/** One who cosigns checkpoints; `url` is the prefix that checkpoints are submitted below. */
export type Witness = { readonly name: string; readonly verifier: NoteVerifier; readonly url?: string };
/** Holds when so many of its members do: names of witnesses, or of groups before it. */
export type WitnessGroup = { readonly name: string; readonly least: number; readonly members: readonly string[] };
/** C2SP tlog-policy: which logs are known, and whose cosignatures make a checkpoint believed. */
export type WitnessPolicy = {
  readonly logs: readonly NoteVerifier[];
  readonly witnesses: readonly Witness[];
  readonly groups: readonly WitnessGroup[];
  /** A witness, a group, or `none`. */
  readonly quorum: string;
};

const nobody = 'none';
const logKinds: readonly number[] = [signatureKind.ed25519, signatureKind.mldsa44Cosignature];
const witnessKinds: readonly number[] = [signatureKind.ed25519Cosignature, signatureKind.mldsa44Cosignature];

/** Reads a policy; a text that is none is answered with the sentence that says why. */
export function parsePolicy(text: string): WitnessPolicy | string {
  const logs: NoteVerifier[] = [];
  const witnesses: Witness[] = [];
  const groups: WitnessGroup[] = [];
  const free = new Set<string>();
  const keys = new Set<string>();
  let quorum: string | undefined;

  /** Why the line is wrong; undefined when it was taken. */
  function take(keyword: string, [first = '', second = '', ...rest]: string[]): string | undefined {
    if (keyword === 'log') return rest.length > 0 ? 'a log has a key and perhaps an address' : takeLog(first);
    if (keyword === 'witness')
      return rest.length > 1 ? 'a witness has a name, a key and perhaps an address' : takeWitness(first, second, rest[0]);
    if (keyword === 'group') return takeGroup(first, second, rest);
    if (keyword !== 'quorum') return `${JSON.stringify(keyword)} begins no line of a policy`;
    if (quorum !== undefined) return 'a policy has one quorum';
    if (second !== '' || !(first === nobody || isNamed(first))) return 'the quorum is none, or a witness or group named before';
    quorum = first;
    return undefined;
  }

  const isNamed = (name: string) => witnesses.some((one) => one.name === name) || groups.some((one) => one.name === name);

  function keyOf(text: string, kinds: readonly number[], whose: string): NoteVerifier | string {
    const verifier = parseVerifier(text);
    if (!verifier || !kinds.includes(verifier.kind)) return `that is no key of a ${whose}`;
    const raw = Buffer.from(verifier.key).toString('base64');
    if (keys.has(`${whose} ${raw}`)) return `two of them have the same key`;
    keys.add(`${whose} ${raw}`);
    return verifier;
  }

  function takeLog(key: string): string | undefined {
    const verifier = keyOf(key, logKinds, 'log');
    if (typeof verifier === 'string') return verifier;
    logs.push(verifier);
    return undefined;
  }

  function takeWitness(name: string, key: string, url: string | undefined): string | undefined {
    if (name === nobody || isNamed(name)) return `${name} is a name that is taken`;
    const verifier = keyOf(key, witnessKinds, 'witness');
    if (typeof verifier === 'string') return verifier;
    if (url !== undefined && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return `${url} is no address`;
    witnesses.push({ name, verifier, ...(url === undefined ? {} : { url }) });
    free.add(name);
    return undefined;
  }

  function takeGroup(name: string, threshold: string, members: string[]): string | undefined {
    if (name === nobody || name === '' || isNamed(name)) return `${JSON.stringify(name)} is a name that is taken, or none`;
    const unknown = members.find((member) => !free.has(member));
    if (unknown !== undefined) return `${unknown} is not named before, or is in a group already`;
    if (new Set(members).size !== members.length) return 'a member stands twice in a group';
    const least =
      threshold === 'any' ? 1 : threshold === 'all' ? members.length : /^[1-9][0-9]{0,3}$/.test(threshold) ? Number(threshold) : 0;
    if (least < 1 || least > members.length) return 'a group holds by all, any, or a number of its members';
    for (const member of members) free.delete(member);
    groups.push({ name, least, members });
    free.add(name);
    return undefined;
  }

  for (const [index, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    const [keyword = '', ...rest] = words;
    if (keyword === '' || keyword.startsWith('#')) continue;
    const reason = take(keyword, rest);
    if (reason !== undefined) return `Line ${index + 1} of the policy: ${reason}.`;
    if (logs.length + witnesses.length + groups.length > policyNamesMax)
      return `A policy names at most ${policyNamesMax} logs, witnesses and groups.`;
  }
  return quorum === undefined ? 'The policy has no quorum line.' : { logs, witnesses, groups, quorum };
}

/** Whether the cosignatures under a checkpoint are those that the policy asks for. */
export function isWitnessed(note: Note, { witnesses, groups, quorum }: WitnessPolicy): boolean {
  const holds = new Map<string, boolean>([[nobody, true]]);
  for (const { name, verifier } of witnesses) holds.set(name, verifyNote(note, verifier) !== undefined);
  for (const { name, least, members } of groups) holds.set(name, members.filter((member) => holds.get(member)).length >= least);
  return holds.get(quorum) ?? false;
}
