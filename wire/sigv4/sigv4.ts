import { canonicalEscapes, canonicalRequest, decode, type Parameter, type RawRequest, readQuery, stringToSign } from './canonical.ts';
import { authorizationLimit, presignedMaxSeconds, signedHeadersMax } from './limits.ts';
import { payloadForm } from './payload.ts';
import { readTime, timeOf } from './time.ts';
export { type ChunkProof, chunkSignature, signingKey, trailerSignature, verify } from './key.ts';

/** A request that carries a Signature V4, read but not yet believed. */
export type Signed = {
  readonly form: 'header' | 'presigned' | 'policy';
  readonly accessKeyId: string;
  /** yyyymmdd of the credential scope. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** yyyymmddThhmmssZ, as signed. */
  readonly timestamp: string;
  /** The same in milliseconds since 1970. */
  readonly at: number;
  /** For presigned addresses: seconds of validity from `at` on. */
  readonly expiresSeconds?: number;
  readonly signedHeaders: readonly string[];
  readonly signature: Buffer;
  /** The value of x-amz-content-sha256. */
  readonly payloadHash: string;
  readonly sessionToken?: string;
  readonly stringToSign: string;
};

/** A signature that cannot be read, with the code S3 answers. */
export type Malformed = {
  readonly form: 'malformed';
  readonly code:
    | 'AuthorizationHeaderMalformed'
    | 'AuthorizationQueryParametersError'
    | 'AccessDenied'
    | 'InvalidArgument'
    | 'InvalidRequest'
    | 'InvalidURI';
  readonly text: string;
};

type Claim = {
  form: 'header' | 'presigned';
  credential: string;
  signedHeaders: string;
  signature: string;
  timestamp: string;
  payloadHash: string;
  expiresSeconds?: number;
  sessionToken?: string;
};

const malformed = (code: Malformed['code'], text: string): Malformed => ({ form: 'malformed', code, text });
const isMalformed = (value: Claim | Malformed): value is Malformed => value.form === 'malformed';

/**
 * Reads the Authorization header or the presigned query. Undefined when the request is not signed at all. Services other
 * than S3 sign the hash of the body without naming it in a header: that is `bodyHash`.
 */
export function readSigned(request: RawRequest, bodyHash?: string): Signed | Malformed | undefined {
  const authorization = request.headers.get('authorization');
  const header = authorization !== undefined && /^AWS/i.test(authorization[0] ?? '');
  const query = /(?:^|&)(?:X-Amz-(?:Algorithm|Credential|Signature)|AWSAccessKeyId)=/i.test(request.rawQuery);
  if (!header && !query) return undefined;
  if (authorization !== undefined && (query || authorization.length > 1)) {
    return malformed('InvalidArgument', 'Only one authentication mechanism is allowed in a request.');
  }
  const parameters = readQuery(request.rawQuery);
  const path = canonicalEscapes(request.rawPath, false, '/');
  if (!parameters || path === undefined)
    return malformed('InvalidURI', 'The address contains a broken percent escape or too many parameters.');
  const claim = header ? readHeader(request, authorization[0]!, bodyHash) : readPresigned(request, parameters, bodyHash);
  return isMalformed(claim) ? claim : finish(request, path, parameters, claim);
}

function readHeader(request: RawRequest, value: string, bodyHash: string | undefined): Claim | Malformed {
  if (value.length > authorizationLimit) return malformed('AuthorizationHeaderMalformed', 'The authorization header is too long.');
  const match = /^AWS4-HMAC-SHA256[ \t]+(.*)$/.exec(value);
  if (!match) return malformed('InvalidRequest', 'The authorization mechanism is not supported; use AWS4-HMAC-SHA256.');
  const fields = new Map<string, string>();
  for (const piece of match[1]!.split(',')) {
    const [, name, text] = /^\s*([A-Za-z]+)=(\S*)\s*$/.exec(piece) ?? [];
    if (name === undefined || fields.has(name)) return malformed('AuthorizationHeaderMalformed', 'The authorization header is malformed.');
    fields.set(name, text!);
  }
  const [credential, signedHeaders, signature] = [fields.get('Credential'), fields.get('SignedHeaders'), fields.get('Signature')];
  if (credential === undefined || signedHeaders === undefined || signature === undefined) {
    return malformed('AuthorizationHeaderMalformed', 'The authorization header needs Credential, SignedHeaders and Signature.');
  }
  const timestamp = readTime(request.headers.get('x-amz-date')?.[0] ?? request.headers.get('date')?.[0]);
  if (timestamp === undefined) return malformed('AccessDenied', 'A valid x-amz-date or Date header is required.');
  const payloadHash = request.headers.get('x-amz-content-sha256')?.[0] ?? bodyHash;
  if (payloadHash === undefined) return malformed('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  const sessionToken = request.headers.get('x-amz-security-token')?.[0];
  return { form: 'header', credential, signedHeaders, signature, timestamp, payloadHash, sessionToken };
}

function readPresigned(request: RawRequest, parameters: readonly Parameter[], bodyHash?: string): Claim | Malformed {
  const broken = (text: string) => malformed('AuthorizationQueryParametersError', text);
  const found = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (!/^X-Amz-/i.test(name)) continue;
    if (found.has(name)) return broken(`${name} must stand in the query only once.`);
    const plain = decode(value);
    if (plain === undefined) return broken(`${name} is not UTF-8.`);
    found.set(name, plain);
  }
  if (found.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') {
    return found.size === 0
      ? malformed('InvalidRequest', 'The authorization mechanism is not supported; use AWS4-HMAC-SHA256.')
      : broken('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256".');
  }
  for (const name of ['X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires', 'X-Amz-SignedHeaders', 'X-Amz-Signature']) {
    if (!found.has(name)) return broken(`The query needs the parameter ${name}.`);
  }
  const timestamp = found.get('X-Amz-Date')!;
  if (readTime(timestamp) !== timestamp) return broken('X-Amz-Date must be of the form yyyymmddThhmmssZ.');
  const expires = found.get('X-Amz-Expires')!;
  const expiresSeconds = /^[0-9]{1,9}$/.test(expires) ? Number(expires) : Number.NaN;
  if (!(expiresSeconds >= 1 && expiresSeconds <= presignedMaxSeconds))
    return malformed('AccessDenied', `X-Amz-Expires must be a number from 1 to ${presignedMaxSeconds}.`);
  return {
    form: 'presigned',
    credential: found.get('X-Amz-Credential')!,
    signedHeaders: found.get('X-Amz-SignedHeaders')!,
    signature: found.get('X-Amz-Signature')!,
    timestamp,
    expiresSeconds,
    sessionToken: found.get('X-Amz-Security-Token'),
    payloadHash: found.get('X-Amz-Content-Sha256') ?? request.headers.get('x-amz-content-sha256')?.[0] ?? bodyHash ?? 'UNSIGNED-PAYLOAD',
  };
}

function finish(request: RawRequest, path: string, parameters: readonly Parameter[], claim: Claim): Signed | Malformed {
  const code = claim.form === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError';
  const scope = readCredential(claim.credential);
  if (!scope) return malformed(code, 'The credential must be of the form "<key>/yyyymmdd/<region>/<service>/aws4_request".');
  if (scope.date !== claim.timestamp.slice(0, 8)) return malformed(code, 'The date of the credential is not that of the request.');
  if (!/^[0-9a-f]{64}$/.test(claim.signature)) return malformed(code, 'The signature must be 64 digits in hexadecimal.');
  // What a presigned request says wrongly of its body, nobody signed: its signature then does not fit.
  if (claim.form === 'header' && !payloadForm(claim.payloadHash)) {
    return malformed(
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, one of the STREAMING forms, or a SHA-256 in hexadecimal.',
    );
  }
  const signedHeaders = readNames(claim.signedHeaders);
  if (!signedHeaders) return malformed(code, 'SignedHeaders must be names of headers in lower case, joined by semicolons.');
  const unsigned = missingHeader(request, signedHeaders);
  if (unsigned !== undefined)
    return malformed('AccessDenied', `There were headers present in the request which were not signed: ${unsigned}`);
  const signedParameters = claim.form === 'header' ? parameters : parameters.filter(([name]) => name !== 'X-Amz-Signature');
  const canonical = canonicalRequest(request, path, signedParameters, signedHeaders, claim.payloadHash);
  return {
    form: claim.form,
    ...scope,
    timestamp: claim.timestamp,
    at: timeOf(claim.timestamp),
    expiresSeconds: claim.expiresSeconds,
    signedHeaders,
    signature: Buffer.from(claim.signature, 'hex'),
    payloadHash: claim.payloadHash,
    sessionToken: claim.sessionToken,
    stringToSign: stringToSign(claim.timestamp, `${scope.date}/${scope.region}/${scope.service}/aws4_request`, canonical),
  };
}

/** A form that is posted signs its policy, as base64, instead of a request. Undefined when the credential cannot be read. */
export function signedPolicy(form: {
  readonly credential: string;
  readonly timestamp: string;
  readonly policy: string;
  readonly signature: string;
  readonly sessionToken?: string;
}): Signed | undefined {
  const scope = readCredential(form.credential);
  const timestamp = readTime(form.timestamp);
  if (!scope || timestamp === undefined || !/^[0-9a-f]{64}$/.test(form.signature)) return undefined;
  return {
    form: 'policy',
    ...scope,
    timestamp,
    at: timeOf(timestamp),
    signedHeaders: [],
    signature: Buffer.from(form.signature, 'hex'),
    payloadHash: 'UNSIGNED-PAYLOAD',
    sessionToken: form.sessionToken,
    stringToSign: form.policy,
  };
}

/** What was read last: clients sign request after request with the same scope and over the same headers. */
let lastNames: { readonly text: string; readonly names: readonly string[] } | undefined;
let lastScope: { readonly text: string; readonly scope: Scope } | undefined;

function readNames(text: string): readonly string[] | undefined {
  if (lastNames?.text === text) return lastNames.names;
  const names = text.split(';');
  if (names.length > signedHeadersMax || !names.every((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name))) return undefined;
  lastNames = { text, names };
  return names;
}

function readCredential(text: string): Scope | undefined {
  if (lastScope?.text === text) return lastScope.scope;
  const scope = scopeOf(text);
  if (scope) lastScope = { text, scope };
  return scope;
}

type Scope = { readonly accessKeyId: string; readonly date: string; readonly region: string; readonly service: string };

/** The key id itself may contain slashes: the scope is the last four segments. */
function scopeOf(credential: string): Scope | undefined {
  const segments = credential.split('/');
  const [date, region, service, end] = segments.slice(-4);
  const accessKeyId = segments.slice(0, -4).join('/');
  if (!accessKeyId || end !== 'aws4_request' || !date || !/^[0-9]{8}$/.test(date) || !region || !service) return undefined;
  return { accessKeyId, date, region, service };
}

/** The host and every x-amz- header that came must be signed, else anybody on the way could change them. */
function missingHeader(request: RawRequest, signedHeaders: readonly string[]): string | undefined {
  const signed = new Set(signedHeaders);
  if (!signed.has('host')) return 'host';
  // What is said of the body is signed in any case, as the last line of what is signed.
  const isLoose = (name: string) => name.startsWith('x-amz-') && name !== 'x-amz-content-sha256' && !signed.has(name);
  for (const name of request.headers.keys()) if (isLoose(name)) return name;
  return undefined;
}
