'use strict';
// Passkeys: the one thing that a browser does by script only. Each form says what it is for and where to ask for the
// challenge; what the authenticator answers goes into its hidden fields, and the form is sent as any other.
(() => {
  if (!window.PublicKeyCredential) return;
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const put = (form, values) => {
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  };
  const known = list => (list || []).map(id => ({ type: 'public-key', id: bytes(id) }));

  const create = async (form, options) => {
    const made = await navigator.credentials.create({ publicKey: {
      challenge: bytes(options.challenge),
      rp: { id: options.relyingParty, name: options.service },
      user: { id: bytes(options.user), name: options.name, displayName: options.name },
      pubKeyCredParams: [{ type: 'public-key', alg: -8 }, { type: 'public-key', alg: -7 }],
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
      excludeCredentials: known(options.known),
    } });
    put(form, {
      id: made.id,
      clientData: text(made.response.clientDataJSON),
      attestation: text(made.response.attestationObject),
    });
  };

  const get = async (form, options) => {
    const given = await navigator.credentials.get({ publicKey: {
      challenge: bytes(options.challenge),
      rpId: options.relyingParty,
      userVerification: 'required',
    } });
    put(form, {
      id: given.id,
      clientData: text(given.response.clientDataJSON),
      authenticatorData: text(given.response.authenticatorData),
      signature: text(given.response.signature),
    });
  };

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', async event => {
      event.preventDefault();
      const status = form.querySelector('[role=status]');
      try {
        const body = new URLSearchParams({ csrf: form.elements.csrf.value });
        const answer = await fetch(form.dataset.options, { method: 'POST', body });
        if (!answer.ok) throw new Error(String(answer.status));
        await (form.dataset.passkey === 'create' ? create : get)(form, await answer.json());
        form.submit();
      } catch {
        status.textContent = form.dataset.failed;
      }
    });
  }
})();
