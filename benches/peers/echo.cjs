// What echo.yaml cannot say: when to begin and to end, and how long an answer took, which the `ws` engine does not tell.
const begin = performance.now() + Number(process.env.RAMP) * 1000;
const end = begin + Number(process.env.SECONDS) * 1000;

module.exports = {
  allHaveJoined(_context, _events, done) {
    setTimeout(done, begin - performance.now());
  },
  notOver(_context, done) {
    done(performance.now() < end);
  },
  sends({ vars }, _events, done) {
    vars.sent = performance.now();
    done();
  },
  answered({ vars }, events, done) {
    events.emit('histogram', 'echo', performance.now() - vars.sent);
    done();
  },
};
