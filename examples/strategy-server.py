"""A strategy server: in while the close is above the mean of the candles it is sent. python3 strategy-server.py 8000"""
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Strategy(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        closes = [float(candle["close"]) for candle in asked["candles"]]
        close, mean = closes[-1], sum(closes) / len(closes)
        held = float(asked["position"]["quantity"]) > 0
        action = "buy" if close > mean and not held else "sell" if close < mean and held else "none"
        answer = {"symbol": asked["symbol"], "timeframe": asked["timeframe"],
                  "openTime": asked["candles"][-1]["openTime"], "action": action,
                  "signal": 1 if close > mean else -1, "confidence": 1, "indicators": {"mean": mean},
                  "reasons": [f"close {close:g}, mean {mean:g}"], "champion": {"source": "champions/mean.json"}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

HTTPServer(("127.0.0.1", int(sys.argv[1])), Strategy).serve_forever()
