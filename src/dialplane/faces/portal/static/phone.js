// The phone of a page: registers as an app user by SIP over a websocket, with the audio by WebRTC. SIP.js speaks SIP.
//
// A page has an element with `data-phone` and, below it, whatever it wants of the parts that `mount` looks for. Without
// `data-server` the websocket is `/sip` of the page's own server.
"use strict";

(() => {
  const RECONNECT_MS = [1000, 2000, 5000, 10000];
  const TONE_MS = 160;
  const TONE_GAP_MS = 80;
  const GATHERING_MS = 1000; // one server at a known address: what has been found by then is enough
  const { SessionState, TransportState } = SIP;

  const Standing = Object.freeze({
    OFFLINE: "offline",
    CONNECTING: "connecting",
    READY: "ready",
    CALLING: "calling",
    RINGING: "ringing",
    TALKING: "talking",
    HELD: "held",
  });

  class Phone {
    // `account`: { server, domain, user, password, name }. `told(phone)` is called whenever anything has changed.
    constructor(account, { audio, told = () => {} }) {
      this.account = account;
      this.standing = Standing.OFFLINE;
      this.isMuted = false;
      this.party = "";
      this.problem = "";
      this._audio = audio;
      this._told = told;
      this._session = null;
      this._tries = 0;
      this._isWanted = false;
      this._agent = this._makeAgent(account);
      this._registerer = new SIP.Registerer(this._agent);
    }

    get isBusy() {
      return this._session !== null;
    }

    // Connect and register; goes on trying after a break until `stop`.
    async start() {
      this._isWanted = true;
      this._change(Standing.CONNECTING);
      try {
        await this._agent.start();
      } catch (fault) {
        this._later(fault);
      }
    }

    async stop() {
      this._isWanted = false;
      await this.hangUp();
      await this._agent.stop();
      this._change(Standing.OFFLINE);
    }

    async call(number) {
      const target = SIP.UserAgent.makeURI(`sip:${dialled(number)}@${this.account.domain}`);
      if (!target || this.isBusy) return;
      const inviter = new SIP.Inviter(this._agent, target, { sessionDescriptionHandlerOptions: HANDLER });
      this._take(inviter, number, Standing.CALLING);
      try {
        await inviter.invite({ requestDelegate: { onReject: (answer) => this._refused(answer.message) } });
      } catch (fault) {
        this._over(inviter, microphone(fault));
      }
    }

    async answer() {
      if (this.standing !== Standing.RINGING) return;
      const invitation = this._session;
      try {
        await invitation.accept({ sessionDescriptionHandlerOptions: HANDLER });
      } catch (fault) {
        this._over(invitation, microphone(fault));
      }
    }

    async hangUp() {
      const session = this._session;
      if (!session) return;
      switch (session.state) {
        case SessionState.Established:
          await session.bye();
          break;
        case SessionState.Initial:
        case SessionState.Establishing:
          await (session instanceof SIP.Inviter ? session.cancel() : session.reject());
          break;
        default:
      }
    }

    mute(on) {
      if (!this.isBusy) return;
      this.isMuted = on;
      this._letThrough();
      this._told(this);
    }

    // By re-INVITE: the party hears that it waits, and what it says is not asked for.
    async hold(on) {
      const session = this._session;
      if (!session || session.state !== SessionState.Established) return;
      session.sessionDescriptionHandlerOptionsReInvite = { ...HANDLER, hold: on };
      const agreed = new Promise((resolve, reject) => {
        session.invite({ requestDelegate: { onAccept: resolve, onReject: reject } }).catch(reject);
      });
      try {
        await agreed;
      } catch {
        this.problem = on ? "The call could not be held." : "The call could not be taken back.";
        this._told(this);
        return;
      }
      this._change(on ? Standing.HELD : Standing.TALKING);
      this._letThrough();
    }

    press(key) {
      const handler = this._session && this._session.sessionDescriptionHandler;
      return Boolean(handler && handler.sendDtmf(key, { duration: TONE_MS, interToneGap: TONE_GAP_MS }));
    }

    _makeAgent({ server, domain, user, password, name }) {
      const uri = SIP.UserAgent.makeURI(`sip:${encodeURIComponent(user)}@${domain}`);
      if (!uri) throw new Error(`${user}@${domain} is no address`);
      return new SIP.UserAgent({
        uri,
        displayName: name || "",
        authorizationUsername: user,
        authorizationPassword: password,
        transportOptions: { server, keepAliveInterval: 25 },
        gracefulShutdown: true,
        logBuiltinEnabled: false,
        sessionDescriptionHandlerFactoryOptions: {
          iceGatheringTimeout: GATHERING_MS,
          peerConnectionConfiguration: { iceServers: [] },
        },
        delegate: {
          onConnect: () => this._register(),
          onDisconnect: (fault) => { if (fault) this._later(fault); },
          onInvite: (invitation) => this._ring(invitation),
        },
      });
    }

    async _register() {
      this._tries = 0;
      const onAccept = () => { if (!this.isBusy) this._change(Standing.READY); };
      const onReject = (answer) => {
        this.problem = answer.message.statusCode === 403 || answer.message.statusCode === 401
          ? "The name or the password is wrong." : `The server answered ${answer.message.statusCode}.`;
        this._change(Standing.OFFLINE);
      };
      await this._registerer.register({ requestDelegate: { onAccept, onReject } });
    }

    _later(fault) {
      if (!this._isWanted) return;
      this.problem = fault.message;
      this._change(this.isBusy ? this.standing : Standing.CONNECTING);
      const pause = RECONNECT_MS[Math.min(this._tries, RECONNECT_MS.length - 1)];
      this._tries += 1;
      setTimeout(() => {
        if (this._isWanted && this._agent.transport.state === TransportState.Disconnected) {
          this._agent.reconnect().catch((again) => this._later(again));
        }
      }, pause);
    }

    _ring(invitation) {
      if (this.isBusy) {
        invitation.reject({ statusCode: 486 });
        return;
      }
      const from = invitation.remoteIdentity;
      this._take(invitation, from.displayName || from.uri.user, Standing.RINGING);
    }

    _take(session, party, standing) {
      this._session = session;
      this.party = party;
      this.isMuted = false;
      this.problem = "";
      session.stateChange.addListener((state) => {
        if (state === SessionState.Established) this._talk(session);
        if (state === SessionState.Terminated) this._over(session);
      });
      this._change(standing);
    }

    _talk(session) {
      this._audio.srcObject = session.sessionDescriptionHandler.remoteMediaStream;
      this._audio.play().catch(() => { this.problem = "The browser does not let this page sound yet: click anywhere."; });
      this._change(Standing.TALKING);
    }

    _over(session, problem = "") {
      if (this._session !== session) return;
      this._session = null;
      this._audio.srcObject = null;
      this.problem = problem || this.problem;
      this._change(this._agent.isConnected() ? Standing.READY : Standing.CONNECTING);
    }

    _refused(answer) {
      this.problem = `${answer.statusCode} ${answer.reasonPhrase || ""}`.trim();
    }

    _letThrough() {
      const isHeld = this.standing === Standing.HELD;
      const connection = this._session.sessionDescriptionHandler.peerConnection;
      for (const { track } of connection.getSenders()) if (track) track.enabled = !isHeld && !this.isMuted;
      for (const { track } of connection.getReceivers()) if (track) track.enabled = !isHeld;
    }

    _change(standing) {
      this.standing = standing;
      this._told(this);
    }
  }

  const HANDLER = { constraints: { audio: true, video: false } };

  // What a person writes between the digits of a number is no part of it; names of app users stay as they are.
  function dialled(text) {
    const trimmed = text.trim();
    return /^[+0-9 ().\-/*#]+$/.test(trimmed) ? trimmed.replace(/[ ().\-/]/g, "").replace(/#/g, "%23")
      : encodeURIComponent(trimmed);
  }

  function microphone(fault) {
    if (fault.name === "NotAllowedError") return "The browser was not allowed to use the microphone.";
    if (fault.name === "NotFoundError") return "There is no microphone.";
    return fault.message;
  }

  const WORDS = {
    [Standing.OFFLINE]: "Not connected",
    [Standing.CONNECTING]: "Connecting …",
    [Standing.READY]: "Ready",
    [Standing.CALLING]: "Calling",
    [Standing.RINGING]: "Call from",
    [Standing.TALKING]: "In a call with",
    [Standing.HELD]: "On hold:",
  };

  function websocketOf(text) {
    return new URL(text || "/sip", location.href).href.replace(/^http/, "ws");
  }

  // Joins a phone and the parts below `root`: `data-part` of `audio`, `status`, `problem`, `number`, `call`, `answer`,
  // `hang-up`, `mute`, `hold`, and `data-key` for each key. Buttons that mean nothing at the moment are disabled.
  function mount(root) {
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const { server, domain, user, password, name } = root.dataset;
    const number = part("number");

    function show(phone) {
      const { standing } = phone;
      const isTalking = standing === Standing.TALKING || standing === Standing.HELD;
      root.dataset.standing = standing;
      part("status").textContent = phone.isBusy ? `${WORDS[standing]} ${phone.party}` : WORDS[standing];
      part("problem").textContent = phone.problem;
      part("call").disabled = standing !== Standing.READY;
      part("answer").disabled = standing !== Standing.RINGING;
      part("hang-up").disabled = !phone.isBusy;
      for (const [each, isOn] of [["mute", phone.isMuted], ["hold", standing === Standing.HELD]]) {
        part(each).disabled = !isTalking;
        part(each).setAttribute("aria-pressed", String(isOn));
      }
    }

    const phone = new Phone({ server: websocketOf(server), domain, user, password, name }, {
      audio: part("audio"), told: show,
    });
    const dial = (event) => { event.preventDefault(); phone.call(number.value); };
    if (number.form) number.form.addEventListener("submit", dial);
    else part("call").addEventListener("click", dial);
    part("answer").addEventListener("click", () => phone.answer());
    part("hang-up").addEventListener("click", () => phone.hangUp());
    part("mute").addEventListener("click", () => phone.mute(!phone.isMuted));
    part("hold").addEventListener("click", () => phone.hold(phone.standing !== Standing.HELD));
    root.querySelectorAll("[data-key]").forEach((button) => button.addEventListener("click", () => {
      if (!phone.press(button.dataset.key) && !phone.isBusy) number.value += button.dataset.key;
    }));
    window.addEventListener("pagehide", () => { phone.stop(); });
    show(phone);
    phone.start();
    return phone;
  }

  window.DialplanePhone = { Phone, Standing, mount };
  document.querySelectorAll("[data-phone]").forEach((root) => { root.phone = mount(root); });
})();
