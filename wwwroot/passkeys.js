// Passkeys are the one thing about accounts that needs a script: the browser hands them to scripts only. An element
// <passkey-button data-options="…" [data-creates]> inside a form asks the server for options, the browser for the passkey,
// and posts the form with the answer in its field "Credential". With data-request the options stand on the page: their challenge
// is the hash of what the form's act says, and the answer is its signature. What went wrong it says in the words of data-cancelled,
// data-known and data-failed. Where there are no passkeys it stays hidden.
class PasskeyButton extends HTMLElement {
  connectedCallback() {
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
    this.hidden = false;
    this.querySelector('button').addEventListener('click', () => this.ask());
  }

  async ask() {
    const form = this.closest('form');
    const button = this.querySelector('button');
    const problem = this.querySelector('[role=alert]');
    problem.textContent = '';
    button.disabled = true;
    try {
      const options = this.dataset.request ? JSON.parse(this.dataset.request) : await this.fetchOptions(form);
      const credential = this.dataset.creates
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.elements.Credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch (failure) {
      problem.textContent = failure.name === 'NotAllowedError' || failure.name === 'AbortError'
        ? this.dataset.cancelled
        : failure.name === 'InvalidStateError'
          ? this.dataset.known
          : this.dataset.failed;
      button.disabled = false;
    }
  }

  async fetchOptions(form) {
    const response = await fetch(this.dataset.options, {
      method: 'POST',
      headers: { RequestVerificationToken: form.elements.__RequestVerificationToken.value },
    });
    if (!response.ok) throw new Error('options');
    return response.json();
  }
}

customElements.define('passkey-button', PasskeyButton);
