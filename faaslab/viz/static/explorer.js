/* Explorers and predictions. An explorer's states were all computed before; here a control only chooses which one to show:
   tracks set attributes of SVG elements, a sentence and a table follow. No network, no dependency. */
(function () {
  "use strict";

  function play(figure, data, state) {
    data.tracks.forEach(function (track) {
      var element = document.getElementById(track[0]);
      var value = track[2][track[3][state]];
      if (track[1] === "") element.innerHTML = value;
      else if (value === null) element.removeAttribute(track[1]);
      else element.setAttribute(track[1], value);
    });
    figure.querySelector(".explorer-sentence").innerHTML = data.sentences[state];
    var body = figure.querySelector("tbody");
    if (data.rows) {
      body.textContent = "";
      data.rows[state].forEach(function (cells) {
        var row = body.insertRow();
        cells.forEach(function (cell) { row.insertCell().textContent = cell; });
      });
    } else {
      Array.prototype.forEach.call(body.rows, function (row, i) {
        if (data.current[state].indexOf(i) >= 0) row.setAttribute("aria-current", "true");
        else row.removeAttribute("aria-current");
      });
    }
  }

  function explorer(figure) {
    var script = figure.querySelector("script.explorer-data");
    var panel = figure.querySelector(".explorer-controls");
    if (!script || !panel) return;
    var data = JSON.parse(script.textContent);
    var inputs = Array.prototype.slice.call(panel.querySelectorAll("input, select"));
    var shown = -1;

    function update() {
      var state = 0;
      inputs.forEach(function (input, i) {
        var words = data.controls[i];
        var choice = Number(input.value);
        state = state * words.length + choice;
        input.nextElementSibling.textContent = words[choice];
        if (input.type === "range") input.setAttribute("aria-valuetext", words[choice]);
      });
      if (state !== shown) play(figure, data, state);
      shown = state;
    }

    inputs.forEach(function (input) {
      input.addEventListener("input", update);
      input.addEventListener("change", update);
    });
    panel.hidden = false;
    update();
    figure.classList.add("explorer-live");
  }

  function prediction(box) {
    var inputs = Array.prototype.slice.call(box.querySelectorAll("input"));
    var reveal = box.querySelector(".prediction-reveal");
    var skip = box.querySelector(".prediction-skip");
    var result = box.querySelector(".prediction-result");
    var verdict = box.querySelector(".prediction-verdict");
    var remarks = Array.prototype.slice.call(box.querySelectorAll(".prediction-remark"));
    var guarded = (box.getAttribute("data-guards") || "").split(" ").map(function (id) {
      return id && document.getElementById(id);
    }).filter(Boolean);

    function chosen() {
      return inputs.filter(function (input) { return input.checked; })[0];
    }

    function show(skipped) {
      var input = skipped ? null : chosen();
      var choice = input && input.parentNode;
      var kind = !choice ? "skipped" : choice.hasAttribute("data-right") ? "right" : "wrong";
      verdict.textContent = verdict.getAttribute("data-" + kind);
      remarks.forEach(function (remark) { remark.hidden = remark.parentNode !== choice; });
      inputs.forEach(function (other) { other.disabled = true; });
      box.classList.add("prediction-done");
      reveal.parentNode.hidden = true;
      result.hidden = false;
      guarded.forEach(function (element) { element.hidden = false; });
    }

    inputs.forEach(function (input) {
      input.hidden = false;
      input.addEventListener("change", function () { reveal.disabled = false; });
    });
    remarks.forEach(function (remark) { remark.hidden = true; });
    guarded.forEach(function (element) { element.hidden = true; });
    result.hidden = true;
    reveal.parentNode.hidden = false;
    reveal.disabled = !chosen();
    reveal.addEventListener("click", function () { show(false); });
    skip.addEventListener("click", function () { show(true); });
    box.classList.add("prediction-live");
  }

  function start() {
    Array.prototype.forEach.call(document.querySelectorAll("figure.explorer"), explorer);
    Array.prototype.forEach.call(document.querySelectorAll("fieldset.prediction"), prediction);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
