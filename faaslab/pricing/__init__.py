"""What it costs: dated price sheets, bills, provisioned capacity, break-even with servers, and waste."""

from faaslab.pricing.bill import Bill, Line, bill
from faaslab.pricing.break_even import BreakEven, break_even, requests_for
from faaslab.pricing.provisioned import break_even_utilisation, provisioned_bill
from faaslab.pricing.servers import Server, server, server_bill, server_names
from faaslab.pricing.sheet import PROVIDERS, PriceSheet, price_sheet
from faaslab.pricing.usage import ActivePeriods, Containers, Usage, active_periods
from faaslab.pricing.waste import Waste, busy_vcpu, function_waste, server_waste

__all__ = [
    "PROVIDERS",
    "ActivePeriods",
    "Bill",
    "BreakEven",
    "Containers",
    "Line",
    "PriceSheet",
    "Server",
    "Usage",
    "Waste",
    "active_periods",
    "bill",
    "break_even",
    "break_even_utilisation",
    "busy_vcpu",
    "function_waste",
    "price_sheet",
    "provisioned_bill",
    "requests_for",
    "server",
    "server_bill",
    "server_names",
    "server_waste",
]
