import { readFileSync } from 'node:fs';

/** Who PostgreSQL runs as. `switched` says that it is not us, which only root can arrange. */
export type Account = { readonly uid: number; readonly gid: number; readonly name: string; readonly switched: boolean };

const nobody = 65_534;

/** Root runs PostgreSQL as user `gamut` where there is one, else as 65534; everybody else as themselves. */
export function serverAccount(): Account {
  const uid = process.getuid?.() ?? nobody;
  const gid = process.getgid?.() ?? nobody;
  if (uid !== 0) return { uid, gid, name: entry((fields) => fields[2] === String(uid))?.[0] ?? String(uid), switched: false };
  const gamut = entry((fields) => fields[0] === 'gamut' && fields[2] !== '0');
  const chosen = gamut ?? entry((fields) => fields[2] === String(nobody));
  if (!chosen) return { uid: nobody, gid: nobody, name: String(nobody), switched: true };
  return { uid: Number(chosen[2]), gid: Number(chosen[3]), name: chosen[0] ?? String(nobody), switched: true };
}

function entry(fits: (fields: readonly string[]) => boolean): readonly string[] | undefined {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(fits);
  } catch {
    return undefined;
  }
}
