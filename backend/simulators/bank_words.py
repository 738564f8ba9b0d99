"""What the simulated bank's pages say, in three languages."""

from backend.core.languages import Words

WORDS = {
    "bank": Words("Demo Bank", "示範銀行", "示范银行"),
    "banner": Words(
        "SIMULATOR: no real money moves here.",
        "模擬系統：這裏沒有真實款項。",
        "模拟系统：这里没有真实款项。",
    ),
    "pay_title": Words("Pay a bill by FPS", "以轉數快繳付帳單", "以转数快缴付账单"),
    "payee": Words("Payee", "收款人", "收款人"),
    "amount": Words("Amount", "金額", "金额"),
    "amount_to_type": Words("Amount (HK$)", "金額（港元）", "金额（港元）"),
    "bill_number": Words("Bill number", "帳單編號", "账单编号"),
    "reference": Words("Reference", "參考編號", "参考编号"),
    "pay_by": Words("Pay by", "請於此時間前付款", "请于此时间前付款"),
    "pay": Words("Pay now", "立即付款", "立即付款"),
    "paste": Words(
        "Paste the text of a payment code", "請貼上付款二維碼的文字", "请贴上付款二维码的文字"
    ),
    "show": Words("Show what it asks for", "查看付款內容", "查看付款内容"),
    "paid_title": Words("Payment done", "付款完成", "付款完成"),
    "paid_at": Words("Paid at", "付款時間", "付款时间"),
    "fps_reference": Words("FPS reference", "轉數快參考編號", "转数快参考编号"),
    "to_hall": Words("To the bank’s front page", "返回銀行首頁", "返回银行首页"),
    "hall_title": Words("What was booked", "入帳記錄", "入账记录"),
    "nothing": Words("Nothing was booked yet.", "暫時沒有記錄。", "暂时没有记录。"),
    "orders": Words("Orders", "訂單", "订单"),
    "state": Words("State", "狀態", "状态"),
    "kind": Words("Kind", "類別", "类别"),
    "time": Words("Time (Hong Kong)", "時間（香港）", "时间（香港）"),
    "raw": Words("The ledger’s raw lines", "帳簿原始記錄", "账簿原始记录"),
    "sorry": Words("This cannot be paid", "未能付款", "未能付款"),
    "choose": Words("Language", "語言", "语言"),
    "open": Words("open", "待付款", "待付款"),
    "paid": Words("paid", "已付款", "已付款"),
    "expired": Words("expired", "已過期", "已过期"),
    "cancelled": Words("cancelled", "已取消", "已取消"),
    "credit": Words("payment", "付款", "付款"),
    "refund": Words("refund", "退款", "退款"),
}
REFUSALS = {
    "code_broken": Words(
        "This payment code is damaged: it does not add up. Copy all of it and try again.",
        "付款碼有誤，未能核對。請複製完整文字再試一次。",
        "付款码有误，未能核对。请复制完整文字再试一次。",
    ),
    "code_not_fps": Words(
        "This is not an FPS payment code.", "這不是轉數快付款碼。", "这不是转数快付款码。"
    ),
    "payee_not_void": Words(
        "This code names a payee that could be real. The simulator pays void payees only.",
        "付款碼的收款人可能真實存在，模擬系統只接受虛構收款人。",
        "付款码的收款人可能真实存在，模拟系统只接受虚构收款人。",
    ),
    "amount_odd": Words(
        "Please type an amount such as 123.40.",
        "請輸入金額，例如 123.40。",
        "请输入金额，例如 123.40。",
    ),
    "code_expired": Words(
        "This payment code has expired. Ask for a new one where you got it.",
        "付款碼已過期，請重新索取。",
        "付款码已过期，请重新索取。",
    ),
    "order_expired": Words(
        "This payment request has expired. Ask for a new one where you got it.",
        "付款要求已過期，請重新索取。",
        "付款要求已过期，请重新索取。",
    ),
    "order_cancelled": Words(
        "This payment request was cancelled.", "付款要求已取消。", "付款要求已取消。"
    ),
    "order_paid": Words(
        "This payment request was paid already.", "付款要求已經付清。", "付款要求已经付清。"
    ),
}
