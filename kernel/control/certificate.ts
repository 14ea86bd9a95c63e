import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Keeper } from '../keys/client.ts';
import type { Authority } from '../listen/authority.ts';
import { renewalDue } from '../listen/certificate.ts';
import type { Registered } from '../session/registration.ts';
import { certificateDays } from './limits.ts';

/** The platform's own authority, with the file that clients trust. Its key is sealed by keeper. */
export type LocalAuthority = { readonly authority: Authority; readonly file: string; issue(): Promise<Registered['certificate']> };

/** Loads the authority of a data directory, or makes it. `host` is where doors listen besides this machine's own names. */
export async function openAuthority(data: string, keeper: Keeper, deployment: string, host: string): Promise<LocalAuthority> {
  const directory = join(data, 'tls');
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const [file, keyFile] = [join(directory, 'ca.pem'), join(directory, 'ca.key.sealed')];
  const authority =
    existsSync(file) && existsSync(keyFile)
      ? { certificatePem: readFileSync(file, 'utf8'), keyPem: (await keeper.open(0n, readFileSync(keyFile), 'tls authority')).toString() }
      : await make(file, keyFile, keeper, deployment);
  const addresses = host === '127.0.0.1' || host === '0.0.0.0' || !/^[0-9.]+$/.test(host) ? {} : { addresses: ['127.0.0.1', '::1', host] };
  const kept = join(directory, 'server.sealed');
  const purpose = `tls server ${JSON.stringify(addresses)}`;
  let issued = await readIssued(kept, keeper, purpose);
  return {
    authority,
    file,
    async issue() {
      if (issued?.ca === authority.certificatePem && !renewalDue(issued.cert, Date.now())) return issued;
      const { issueServer } = await import('../listen/authority.ts');
      const server = await issueServer(authority, { ...addresses, days: certificateDays });
      issued = { cert: server.certificatePem, key: server.keyPem, ca: authority.certificatePem };
      writeFileSync(`${kept}.new`, await keeper.seal(0n, Buffer.from(JSON.stringify(issued)), purpose), { mode: 0o600 });
      renameSync(`${kept}.new`, kept);
      return issued;
    },
  };
}

/** The doors' certificate of the last start: a new one costs more than all else that control does before it is ready. */
async function readIssued(path: string, keeper: Keeper, purpose: string): Promise<Registered['certificate'] | undefined> {
  try {
    return JSON.parse((await keeper.open(0n, readFileSync(path), purpose)).toString()) as Registered['certificate'];
  } catch {
    // None was kept, or it is for another address or another authority: a new one is issued.
    return undefined;
  }
}

async function make(file: string, keyFile: string, keeper: Keeper, deployment: string): Promise<Authority> {
  const { createAuthority } = await import('../listen/authority.ts');
  const made = await createAuthority(`Gamut ${deployment}`);
  writeFileSync(`${keyFile}.new`, await keeper.seal(0n, Buffer.from(made.keyPem), 'tls authority'), { mode: 0o600 });
  renameSync(`${keyFile}.new`, keyFile);
  writeFileSync(`${file}.new`, made.certificatePem, { mode: 0o644 });
  renameSync(`${file}.new`, file);
  return made;
}
