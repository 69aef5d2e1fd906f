"""What may stand in a certificate, on a form and in a search box. Pure functions, no Flask, no database.

subject            OU2 and CN as typed → the certificate's text and what a screener should know about it
person             company and personal names in Japanese, kept exactly as typed
corporate_number   法人番号
romanisation       フリガナ → Hepburn, as a hint
email              e-mail addresses
"""
