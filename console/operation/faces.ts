import type { ConnectFacts } from '../service-page.ts';

/** One credential in all its faces, as the platform shows it once. */
export type Faces = {
  readonly id: string;
  readonly bearer: string;
  readonly s3: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly region: string; readonly endpoint?: string };
  readonly basic: { readonly username: string; readonly password: string };
  readonly sasl: { readonly username: string; readonly password: string };
  readonly postgres?: { readonly url: string };
  readonly ledger?: { readonly cluster: string };
  readonly stripe?: { readonly secretKey: string; readonly publishableKey: string };
};

/** The reply as faces where it is one. */
export function asFaces(reply: unknown): Faces | undefined {
  const told = reply as Partial<Faces> | undefined;
  return typeof told?.bearer === 'string' &&
    typeof told.s3?.secretAccessKey === 'string' &&
    typeof told.basic?.password === 'string' &&
    typeof told.sasl?.password === 'string'
    ? (told as Faces)
    : undefined;
}

let held: Faces | undefined;

/** Keeps the faces of the last credential made for as long as this window lives, so that copy-paste lines carry it. Nothing is stored. */
export function holdFaces(faces: Faces): void {
  held = faces;
}

export function heldFaces(): Faces | undefined {
  return held;
}

/** What lines for clients say; words in capitals stand for what only the credential's owner has. */
export function connectFacts(faces: Faces | undefined, endpoint: string, region: string): ConnectFacts {
  return {
    bearer: faces?.bearer ?? 'YOUR_BEARER',
    accessKeyId: faces?.s3.accessKeyId ?? 'YOUR_ACCESS_KEY_ID',
    secretAccessKey: faces?.s3.secretAccessKey ?? 'YOUR_SECRET_ACCESS_KEY',
    region: faces?.s3.region ?? region,
    endpoint,
    username: faces?.basic.username ?? 'YOUR_CREDENTIAL_ID',
    password: faces?.basic.password ?? 'YOUR_PASSWORD',
    saslPassword: faces?.sasl.password ?? 'YOUR_SASL_PASSWORD',
    cluster: faces?.ledger?.cluster ?? 'YOUR_CLUSTER_ID',
    stripeKey: faces?.stripe?.secretKey ?? 'YOUR_SECRET_KEY',
  };
}

/** The parts of the lines that hide until asked for. */
export function secretsOf(faces: Faces | undefined): readonly string[] {
  return faces
    ? [
        ...[faces.bearer, faces.s3.secretAccessKey, faces.basic.password, faces.sasl.password],
        ...(faces.postgres ? [faces.postgres.url] : []),
        ...(faces.ledger ? [faces.ledger.cluster] : []),
        ...(faces.stripe ? [faces.stripe.secretKey] : []),
      ]
    : [];
}
