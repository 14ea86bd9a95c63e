/** Whether this browser can make and prove passkeys here. */
export const hasPasskeys: boolean = typeof PublicKeyCredential !== 'undefined' && 'parseCreationOptionsFromJSON' in PublicKeyCredential;

/** Asks the browser to prove a passkey; the answer is WebAuthn's JSON form. */
export async function provePasskey(options: object): Promise<object> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON);
  return jsonOf(await asked(navigator.credentials.get({ publicKey })));
}

/** Asks the browser to make a passkey. */
export async function makePasskey(options: object): Promise<object> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON);
  return jsonOf(await asked(navigator.credentials.create({ publicKey })));
}

const jsonOf = (credential: Credential | null): object => (credential as PublicKeyCredential).toJSON();

async function asked(asking: Promise<Credential | null>): Promise<Credential | null> {
  try {
    return await asking;
  } catch (thrown) {
    const name = thrown instanceof DOMException ? thrown.name : '';
    if (name === 'InvalidStateError') throw new Error('This device has a passkey of yours already.', { cause: thrown });
    throw new Error('The browser gave no passkey: it was cancelled, took too long, or there is none for this site.', { cause: thrown });
  }
}
