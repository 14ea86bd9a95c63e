import { api } from '../api.ts';
import { codec } from '../codec.ts';
import { bytes, int16, int64, list, string } from '../field.ts';

// Messages about who the caller is: field by field as the protocol's message definitions have them.

export const saslHandshake = api(
  17,
  'SaslHandshake',
  '0-1',
  codec('none', { mechanism: string('0+') }),
  codec('none', { errorCode: int16('0+'), mechanisms: list('0+', 'string') }),
);

export const saslAuthenticate = api(
  36,
  'SaslAuthenticate',
  '0-2',
  codec('2+', { authBytes: bytes('0+') }),
  codec('2+', {
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    authBytes: bytes('0+'),
    sessionLifetimeMs: int64('1+'),
  }),
);
