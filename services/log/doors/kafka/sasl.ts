import { OperationError } from '#kernel/contract/fault.ts';
import type { Exchange, Gate, Session } from '#kernel/contract/session.ts';
import type { RequestOf, ResponseOf } from '#wire/kafka/api.ts';
import { errorCode } from '#wire/kafka/error.ts';
import type { saslAuthenticate, saslHandshake } from '#wire/kafka/message/sasl.ts';
import { KafkaViolation } from '#wire/kafka/violation.ts';
import type { log } from '../../service.ts';
import { saslStepsMax } from './limits.ts';

/** The mechanisms that are offered, strongest first. */
const mechanisms = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN', 'OAUTHBEARER'] as const;
type Mechanism = (typeof mechanisms)[number];

/** The authentication of one connection: handshake, then the mechanism's steps; it may be done again at any time (KIP-368). */
export class Sasl {
  readonly #gate: Gate<typeof log>;
  readonly #enter: (session: Session<typeof log>) => void;
  #mechanism: Mechanism | undefined;
  #exchange: Exchange<typeof log> | undefined;
  #steps = 0;
  #raw = false;
  #failed = false;

  constructor(gate: Gate<typeof log>, enter: (session: Session<typeof log>) => void) {
    this.#gate = gate;
    this.#enter = enter;
  }

  /** After a handshake of version 0 the next frames are the mechanism's bare bytes. */
  get isRaw(): boolean {
    return this.#raw;
  }

  /** The connection closes after the answer that says so. */
  get hasFailed(): boolean {
    return this.#failed;
  }

  handshake({ mechanism }: RequestOf<typeof saslHandshake>, version: number): ResponseOf<typeof saslHandshake> {
    this.#mechanism = mechanisms.find((known) => known === mechanism);
    this.#exchange = undefined;
    this.#steps = 0;
    this.#raw = version === 0 && this.#mechanism !== undefined;
    return { errorCode: this.#mechanism ? 0 : errorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms };
  }

  authenticate({ authBytes }: RequestOf<typeof saslAuthenticate>): ResponseOf<typeof saslAuthenticate> {
    if (!this.#mechanism) {
      this.#failed = true;
      return { errorCode: errorCode.ILLEGAL_SASL_STATE, errorMessage: 'SaslAuthenticate came before SaslHandshake.' };
    }
    try {
      return { errorCode: 0, errorMessage: null, authBytes: this.#step(authBytes), sessionLifetimeMs: 0 };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      this.#failed = true;
      // What was wrong is not told, as in Apache Kafka: it would help who guesses.
      const why = error.path === 'revoked' || error.path === 'expired' ? error.message : 'Invalid username or password';
      return { errorCode: errorCode.SASL_AUTHENTICATION_FAILED, errorMessage: `Authentication failed: ${why}` };
    }
  }

  /** A step without Kafka's messages around it: the answer with its length. A wrong one closes the connection. */
  rawStep(frame: Buffer): Buffer {
    const answer = this.authenticate({ authBytes: frame });
    if (answer.errorCode !== 0) throw new KafkaViolation('authentication failed');
    const bytes = (answer.authBytes ?? Buffer.alloc(0)) as Buffer;
    const framed = Buffer.alloc(4 + bytes.length);
    framed.writeInt32BE(bytes.length, 0);
    bytes.copy(framed, 4);
    return framed;
  }

  #step(bytes: Buffer): Buffer {
    this.#steps += 1;
    if (this.#steps > saslStepsMax) throw new KafkaViolation('an authentication without end');
    if (this.#mechanism === 'PLAIN') return this.#plain(bytes);
    if (this.#mechanism === 'OAUTHBEARER') return this.#bearer(bytes);
    this.#exchange ??= this.#gate.exchange('sasl', { mechanism: this.#mechanism });
    const { send, done } = this.#exchange.next(bytes);
    if (done) this.#done(this.#exchange.session());
    return Buffer.from(send ?? []);
  }

  /** RFC 4616: authorization identity, user, password; acting as another is not offered. */
  #plain(bytes: Buffer): Buffer {
    const [identity = '', username = '', password = ''] = bytes.toString().split('\0');
    const session = this.#gate.present('sasl', { username, password });
    if (identity !== '' && identity !== username) {
      session.end();
      throw new KafkaViolation('an authorization identity other than the user');
    }
    this.#done(session);
    return Buffer.alloc(0);
  }

  /** RFC 7628 3.1: the platform's bearer token between marks of 0x01. */
  #bearer(bytes: Buffer): Buffer {
    const token = /\x01auth=Bearer (\S+?)\x01/i.exec(bytes.toString())?.[1] ?? '';
    // Another process of the platform shows its short-lived token, which has two parts.
    this.#done(this.#gate.present(token.includes('.') ? 'service' : 'bearer', { token }));
    return Buffer.alloc(0);
  }

  #done(session: Session<typeof log>): void {
    this.#raw = false;
    this.#mechanism = undefined;
    this.#enter(session);
  }
}
